// What asking units off the path may take: anyone may ask for metadata, and a graph has up to hundreds of units.
import { HeldBytes } from '../contract/held-bytes.ts';

/** Largest response of a unit with its status or metadata. */
export const MAX_UNIT_INFO_BYTES = 1024 * 1024;
/** Such responses that are held at a time, over all requests; more get OVERLOADED. */
export const MAX_HELD_INFO_BYTES = 8 * 1024 * 1024;

/** Time for such a call where the deployment sets none for calls. */
export const UNIT_INFO_TIMEOUT_MS = 10_000;

/** What is held of them in this process. */
export const heldInfo = new HeldBytes(MAX_HELD_INFO_BYTES);
