/**
 * Goal: the stack's own Temporal is not disturbed by the user's settings for another one; an
 * outside Temporal that asks for a certificate is reached by naming a profile, and only with it.
 * Method: a trap where foreign settings lead; a TLS proxy that asks for certificates before a real
 * Temporal server.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTls, type Server as TlsServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { settingsFrom } from '../../contracts/settings.ts';
import { type Authority, certificateAuthority } from '../support/certificates.ts';
import { run } from '../support/commands.ts';
import { freePort, root, temporalPath, temporalServer, type Victim } from '../support/processes.ts';
import { type Home, newHome } from './supervised.ts';

const dir = mkdtempSync(join(tmpdir(), 'asgard-temporal-'));
const homes: Home[] = [];
const home = (): Home => {
  const made = newHome();
  homes.push(made);
  return made;
};
afterAll(async () => {
  for (const each of homes) await each.remove();
  rmSync(dir, { recursive: true, force: true });
});
const listening = (server: Server | TlsServer): Promise<number> =>
  new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
  );
const one = join(root, 'deploy/examples/one-node.json');

describe('the own Temporal', () => {
  let trap: Server;
  let sprung = 0;
  let port = 0;
  beforeAll(async () => {
    trap = createServer((socket) => {
      sprung += 1;
      socket.destroy();
    });
    port = await listening(trap);
  });
  afterAll(() => void trap.close());

  const hostile = (): NodeJS.ProcessEnv => {
    const user = mkdtempSync(join(dir, 'user-'));
    mkdirSync(join(user, '.config/temporalio'), { recursive: true });
    writeFileSync(
      join(user, '.config/temporalio/temporal.toml'),
      `[profile.default]\naddress = "127.0.0.1:${port}"\nnamespace = "mine.cloud"\napi_key = "k"\n` +
        `[profile.default.tls]\nclient_cert_path = "${user}/none.pem"\n`,
    );
    return {
      HOME: user,
      XDG_CONFIG_HOME: '',
      ASGARD_CACHE: settingsFrom(process.env, homedir()).cache,
    };
  };
  const variables = (): NodeJS.ProcessEnv => ({
    TEMPORAL_ADDRESS: `127.0.0.1:${port}`,
    TEMPORAL_NAMESPACE: 'mine.cloud',
    TEMPORAL_API_KEY: 'k',
    TEMPORAL_PROFILE: 'production',
    TEMPORAL_TLS: 'true',
    TEMPORAL_TLS_CLIENT_CERT_PATH: join(dir, 'none.pem'),
    TEMPORAL_GRPC_META_AUTHORIZATION: 'x',
    https_proxy: `http://127.0.0.1:${port}`,
    grpc_proxy: `http://127.0.0.1:${port}`,
    no_proxy: '',
  });

  it.each([
    ['a profile in the usual file', hostile],
    ['variables and proxies in the shell', variables],
  ])('comes up and works beside %s', async (_, env) => {
    const own = home();
    const stack = own.start(['--no-job'], env());
    await stack.up;
    const plan = await own.cli('plan', one);
    expect(plan.code, plan.err).toBe(2);
    stack.child.kill('SIGTERM');
    expect(await stack.ended).toBe(0);
    expect(sprung).toBe(0);
  });
});

describe('an outside Temporal that asks for a certificate', () => {
  let server: Victim;
  let proxy: TlsServer;
  let outside: Authority;
  let port = 0;
  let config = '';
  const files = (name: string, { cert, key }: { cert: string; key: string }) => {
    writeFileSync(join(dir, `${name}.pem`), cert);
    writeFileSync(join(dir, `${name}.key`), key);
    return `client_cert_path = "${dir}/${name}.pem"\nclient_key_path = "${dir}/${name}.key"\n`;
  };

  beforeAll(async () => {
    const started = await temporalServer(dir);
    server = started.server;
    const [host = '', plainPort = ''] = started.address.split(':');
    outside = await certificateAuthority('outside');
    const stranger = await certificateAuthority('stranger');
    proxy = createTls(
      {
        ...(await outside.issue('localhost')),
        ca: outside.cert,
        requestCert: true,
        rejectUnauthorized: true,
        ALPNProtocols: ['h2'],
      },
      (socket) => {
        const inner = connect(Number(plainPort), host);
        for (const end of [socket, inner]) end.on('error', () => end.destroy());
        socket.pipe(inner).pipe(socket);
      },
    );
    proxy.on('tlsClientError', () => undefined);
    port = await listening(proxy);
    writeFileSync(join(dir, 'ca.pem'), outside.cert);
    const profile = (name: string, client: string) =>
      `[profile.${name}]\naddress = "127.0.0.1:${port}"\nnamespace = "default"\n` +
      `[profile.${name}.tls]\nserver_ca_cert_path = "${dir}/ca.pem"\n` +
      `server_name = "localhost"\n${client}\n`;
    config = join(dir, 'temporal.toml');
    writeFileSync(
      config,
      [
        profile('good', files('good', await outside.issue('asgard'))),
        profile('bare', ''),
        profile('stranger', files('stranger', await stranger.issue('asgard'))),
      ].join('\n'),
    );
  });
  afterAll(async () => {
    proxy.close();
    await server.kill();
  });

  it('is used by workers and API with the profile’s certificate', async () => {
    const own = home();
    const stack = own.start(['--no-job', '--temporal-profile', 'good'], {
      TEMPORAL_CONFIG_FILE: config,
    });
    await stack.up;
    expect(stack.said()).not.toContain('temporal is up');
    expect(stack.said()).not.toContain('every user of this machine');
    expect(own.file()).toMatchObject({ temporalAddress: `127.0.0.1:${port}` });
    const plan = await own.cli('plan', one);
    expect(plan.code, plan.err).toBe(2);
    stack.child.kill('SIGTERM');
    expect(await stack.ended).toBe(0);
  });

  it.each([
    ['bare', 'no certificate'],
    ['stranger', 'the certificate of another authority'],
  ])('refuses the profile `%s` with %s, and the stack says so', async (profile) => {
    const own = home();
    const stack = own.start(['--no-job', '--temporal-profile', profile], {
      TEMPORAL_CONFIG_FILE: config,
    });
    expect(await stack.ended).toBe(1);
    expect(stack.said()).toContain(`profile \`${profile}\``);
    expect(stack.said()).toMatch(/certificate|alert|handshake/i);
    expect(own.processes()).toEqual([]);
  });

  it('refuses the `temporal` command without a certificate', async () => {
    const list = ['workflow', 'list', '--address', `127.0.0.1:${port}`, '--command-timeout', '5s'];
    const tls = ['--tls', '--tls-ca-path', join(dir, 'ca.pem'), '--tls-server-name', 'localhost'];
    expect((await run(temporalPath(), [...list, ...tls])).code).not.toBe(0);
    const certificate = [
      ...['--tls-cert-path', join(dir, 'good.pem')],
      ...['--tls-key-path', join(dir, 'good.key')],
    ];
    const shown = await run(temporalPath(), [...list, ...tls, ...certificate]);
    expect(shown.code, shown.err).toBe(0);
  });

  it('without Asgard’s search attributes is told the command that makes them', async () => {
    const tls = (name: string) => [
      ...['--profile', name, '--config-file', config, '--disable-config-env'],
      ...['--command-timeout', '20s'],
    ];
    const made = ['operator', 'namespace', 'create', '--namespace', 'fresh'];
    expect(await run(temporalPath(), [...made, ...tls('good')])).toMatchObject({ code: 0 });
    const own = home();
    const env = { TEMPORAL_CONFIG_FILE: config, TEMPORAL_NAMESPACE: 'fresh' };
    const stack = own.start(['--no-job', '--temporal-profile', 'good'], env);
    expect(await stack.ended).toBe(1);
    const [, command = ''] =
      /lacks search attributes.*\n {2}temporal (.*)/.exec(stack.said()) ?? [];
    const ran = await run(temporalPath(), command.split(' '), { env });
    expect(ran.code, command + ran.err).toBe(0);
    const again = own.start(['--no-job', '--temporal-profile', 'good'], env);
    await again.up;
    again.child.kill('SIGTERM');
    expect(await again.ended).toBe(0);
  });

  it('that is not there is told with its address', async () => {
    const nobody = `127.0.0.1:${await freePort()}`;
    const file = join(dir, 'nobody.toml');
    writeFileSync(file, `[profile.away]\naddress = "${nobody}"\n`);
    const own = home();
    const env = { TEMPORAL_CONFIG_FILE: file };
    const stack = own.start(['--no-job', '--temporal-profile', 'away'], env);
    expect(await stack.ended).toBe(1);
    expect(stack.said()).toContain(nobody);
    expect(stack.said()).toContain('ECONNREFUSED');
    const unknown = own.start(['--no-job', '--temporal-profile', 'none'], env);
    expect(await unknown.ended).toBe(1);
    expect(unknown.said()).toMatch(/Temporal profile `none` .*nobody\.toml.*not found/);
  });
});
