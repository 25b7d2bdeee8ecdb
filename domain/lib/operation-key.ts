/** The last part of an operation's id, made from the key that its requester chose. Pure. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

/**
 * The same kind and Idempotency-Key give the same operation, so that whoever repeats a request can
 * look for it first. The key itself may hold anything and is not shown.
 */
export const operationKey = (kind: string, idempotencyKey: string): string =>
  `${kind}-${bytesToHex(sha256(utf8ToBytes(idempotencyKey))).slice(0, 16)}`;
