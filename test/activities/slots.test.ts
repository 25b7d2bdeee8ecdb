/**
 * Making and finding the resources of a slot: found before made, a token for every parameter, on to
 * the next generation when what a token made is gone, and an undo that waits for what shows late.
 */
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { clientToken, cloudOf, findLate, makeOnce } from '../../activities/lib/slots.ts';
import { type Cloud, CloudError } from '../../providers/cloud/cloud.ts';

afterEach(() => void vi.useRealTimers());
const calm = new AbortController().signal;

describe('a client token', () => {
  it('is as EC2 takes it, the same for the same call, and another for any other', () => {
    const parts = fc.array(fc.oneof(fc.string(), fc.integer()), { maxLength: 5 });
    fc.assert(
      fc.property(parts, parts, (one, two) => {
        expect(clientToken(one)).toMatch(/^[0-9a-f]{64}$/);
        expect(clientToken(one) === clientToken(two)).toBe(
          JSON.stringify(one) === JSON.stringify(two),
        );
      }),
    );
  });
});

/** A cloud of tokens: each makes one thing, which may be gone already. */
function tokens(gone: number) {
  const asked: string[] = [];
  const create = async (token: string): Promise<string> => {
    asked.push(token);
    if (asked.length <= gone) throw new CloudError('IdempotentResourceGone', 'it is gone');
    return token;
  };
  return { asked, create };
}

describe('makeOnce', () => {
  it('makes nothing when the slot has one', async () => {
    const { asked, create } = tokens(0);
    const made = await makeOnce({ find: async () => ['old'], create, tokenParts: ['v'] });
    expect(made).toEqual({ it: 'old', created: false });
    expect(asked).toEqual([]);
  });

  it.each([0, 1, 7])('goes on past %i generations whose thing is gone', async (gone) => {
    const { asked, create } = tokens(gone);
    const made = await makeOnce({ find: async () => [], create, tokenParts: ['v', 1] });
    expect(made).toEqual({ it: clientToken(['v', 1, gone]), created: true });
    expect(new Set(asked).size).toBe(gone + 1);
  });

  it('asks with the same tokens when it is repeated', async () => {
    const [first, again] = [tokens(2), tokens(2)];
    for (const { create } of [first, again]) {
      await makeOnce({ find: async () => [], create, tokenParts: ['v'] });
    }
    expect(again.asked).toEqual(first.asked);
  });

  it.each(['Throttled', 'Unavailable', 'IdempotentParameterMismatch', 'CapacityExceeded'] as const)(
    'passes %s on, and tries no other token',
    async (code) => {
      let asked = 0;
      const create = async () => {
        asked += 1;
        throw new CloudError(code, 'no');
      };
      const made = makeOnce({ find: async () => [], create, tokenParts: ['v'] });
      await expect(made).rejects.toMatchObject({ code });
      expect(asked).toBe(1);
    },
  );

  it('gives up for good when a slot has used up its generations', async () => {
    const { create } = tokens(Number.POSITIVE_INFINITY);
    await expect(
      makeOnce({ find: async () => [], create, tokenParts: ['v'] }),
    ).rejects.toMatchObject({ type: 'ProviderRefused', nonRetryable: true });
  });
});

describe('findLate', () => {
  const slowly = { visibilityMs: 2_000 } as Cloud;

  it('asks once of a cloud that shows everything at once', async () => {
    let asked = 0;
    const find = async () => {
      asked += 1;
      return [];
    };
    expect(await findLate({} as Cloud, find, calm)).toEqual([]);
    expect(asked).toBe(1);
  });

  it('waits for what shows late, and no longer', async () => {
    vi.useFakeTimers();
    const from = Date.now();
    const found = findLate(slowly, async () => (Date.now() - from > 900 ? ['it'] : []), calm);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await found).toEqual(['it']);
  });

  it('believes in nothing only after the cloud has had its time', async () => {
    vi.useFakeTimers();
    let over = false;
    const found = findLate(slowly, async () => [], calm).finally(() => {
      over = true;
    });
    await vi.advanceTimersByTimeAsync(1_900);
    expect(over).toBe(false);
    await vi.advanceTimersByTimeAsync(300);
    expect(await found).toEqual([]);
  });

  it('hears a cancellation while it waits', async () => {
    const abort = new AbortController();
    const found = findLate(slowly, async () => [], abort.signal);
    abort.abort(new Error('cancelled'));
    await expect(found).rejects.toThrow('cancelled');
  });
});

describe('a provider that this worker does not have', () => {
  it.each(['mars', '__proto__', 'constructor', 'toString', '', 'Local'])(
    'is refused for good, by name: `%s`',
    (provider) => {
      const asked = () => cloudOf({ clouds: { local: {}, ec2: {} } } as never, provider);
      expect(asked).toThrow(
        expect.objectContaining({
          type: 'InvalidInput',
          nonRetryable: true,
          message: `provider: no provider called \`${provider}\`; there is ec2, local`,
        }),
      );
    },
  );
});
