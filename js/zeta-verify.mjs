// Verifies receipts of Zeta offline, in a web page or in Node, with no dependency but WebCrypto.
//
// Written from docs/reference/sessions_and_receipts.md, apart from the Python in zeta.receipts.
// Both must give the same verdict to every vector, by name. Public: `verify`,
// `verifyCertification`, `verifyIntroduction`, `fromFile`, `fromIdentityFile`, `fromHex`, `toHex`,
// `ReceiptError`.

/** The receipt proves nothing; `name` says why, with the names that Python's classes have. */
export class ReceiptError extends Error {
  constructor(name, message) {
    super(message);
    this.name = name;
  }
}

/**
 * Verifies a receipt's bytes.
 *
 * @param {Uint8Array} data the receipt, not the JSON of its file: see `fromFile`
 * @param {Uint8Array} identity the verifier's Ed25519 public key, 32 bytes
 * @param {Uint8Array | null} instance 16 bytes; null accepts any: then compare what comes back
 * @param {{program?: Uint8Array, incarnation?: Uint8Array, epoch?: number}} pinned what else is
 *   expected
 * @returns {Promise<{receipt: object, leafHash: Uint8Array, root: Uint8Array}>} what was certified;
 *   numbers of 64 bits (`sequence`, `leafIndex`, `leaves`, `receipts`) are BigInts
 * @throws {ReceiptError} it proves nothing
 * @throws {TypeError} what was pinned has not the length of its kind
 */
export async function verify(data, identity, instance, pinned = {}) {
  const receipt = expected(data, FIELDS, demandPossible, identity, instance, pinned);
  const { leafIndex, leaves, receipts, thread, threads } = receipt;
  if (!(leafIndex < leaves && leaves <= receipts && thread < threads)) {
    throw new ReceiptError("WrongPath", "its own tree does not have this leaf");
  }
  const leafHash = await sha256(Uint8Array.of(0), await leafOf(receipt));
  const ofThread = await rootAbove(leafHash, leafIndex, leaves, receipt.path);
  const threadHash = await sha256(Uint8Array.of(2), u16(thread), u64(leaves), ofThread);
  const root = await rootAbove(threadHash, BigInt(thread), BigInt(threads), receipt.threadPath);
  if (!(await isSigned(identity, certificationOf(receipt, root), receipt.signature))) {
    throw new ReceiptError(
      "NotCertified",
      "the identity has not certified this: another has, or somebody changed it, or its epoch " +
        "never certified",
    );
  }
  return { receipt, leafHash, root };
}

/**
 * Verifies the certification of an epoch, as `verify` does a receipt.
 *
 * @returns {Promise<object>} what was certified; `origin` and `receipts` are BigInts
 */
export async function verifyCertification(data, identity, instance, pinned = {}) {
  const found = expected(data, CERTIFICATION, demandFirstLife, identity, instance, pinned);
  if (!(await isSigned(identity, certificationOf(found, found.root), found.signature))) {
    throw new ReceiptError("NotCertified", "the identity has not certified this epoch");
  }
  return found;
}

/**
 * Verifies the introduction of a verifier, as `verify` does a receipt; it has no epoch.
 *
 * @returns {Promise<object>} what the identity says: above all, the `staticKey` for handshakes
 */
export async function verifyIntroduction(data, identity, instance, pinned = {}) {
  const { program = null, incarnation = null } = pinned;
  const known = { program, incarnation };
  const found = expected(data, INTRODUCTION, () => {}, identity, instance, known);
  if (!equal(found.identity, identity)) {
    throw new ReceiptError("NotCertified", "it is the introduction of another identity");
  }
  const message = concatenated(
    new TextEncoder().encode("zeta introduction v1\0"),
    found.instance,
    found.incarnation,
    found.program,
    found.staticKey,
  );
  if (!(await isSigned(identity, message, found.signature))) {
    throw new ReceiptError("NotCertified", "the identity has not introduced this verifier");
  }
  return found;
}

/** The fields of a map that is possible, and of what was pinned. */
function expected(data, fields, demandSense, identity, instance, pinned) {
  const { program = null, incarnation = null, epoch = null } = pinned;
  demand("identity", identity, 32);
  const scope = [
    ["instance", "OtherInstance", instance, 16],
    ["incarnation", "OtherIncarnation", incarnation, 16],
    ["program", "OtherProgram", program, 32],
  ];
  for (const [field, , value, size] of scope) if (value !== null) demand(field, value, size);
  if (!(data instanceof Uint8Array)) throw new TypeError("what is verified is a Uint8Array");
  // A copy: whoever has the original could change it while this waits for a hash.
  const found = decode(new Uint8Array(data), fields);
  demandSense(found);
  for (const [field, fault, value] of scope) {
    if (value !== null && !equal(found[field], value)) {
      throw new ReceiptError(fault, `it is of the ${field} \`${toHex(found[field])}\``);
    }
  }
  if (epoch !== null && found.epoch !== epoch) {
    throw new ReceiptError("OtherEpoch", `it is of epoch \`${found.epoch}\``);
  }
  return found;
}

/**
 * The bytes of a receipt, certification or introduction in the content of a file.
 *
 * @param {string} name the file's name: `.json` is JSON, everything else the bytes themselves
 * @param {Uint8Array} content
 * @param {"receipt" | "certification" | "introduction"} kind
 */
export function fromFile(name, content, kind = "receipt") {
  if (!["receipt", "certification", "introduction"].includes(kind)) {
    throw new TypeError("no file is of such a kind");
  }
  if (!name.endsWith(".json")) return content;
  // By pattern: JSON.parse takes the last of two members, or an escaped name.
  const parts = ["^", "{", `"${kind}"`, ":", '"((?:[0-9a-f]{2})*)"', "}", "$"];
  const found = new RegExp(parts.join("[ \\t\\r\\n]*")).exec(asText(content));
  if (found === null) {
    throw new ReceiptError("WrongFile", `the file is not \`{"${kind}": "<hex digits>"}\``);
  }
  return fromHex(found[1]);
}

/** The identity in the content of a file such as `zeta.pub`. */
export function fromIdentityFile(content) {
  const text = asText(content);
  if (!/^[0-9a-fA-F]{64}\n$/.test(text) || text.length !== 65) {
    throw new TypeError("an identity's file is 64 hex digits and a line feed");
  }
  return fromHex(text.slice(0, 64));
}

/** The bytes that hex digits stand for. */
export function fromHex(digits) {
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(digits)) throw new TypeError("these are no hex digits");
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/** The hex digits of bytes or numbers below 256, in lower case. */
export function toHex(data) {
  return Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// The fields of a receipt, in the order of their keys from 1. A number has the bits of its width
// or the largest value, and is a BigInt where it may have 64 bits.
const FIELDS = [
  ["version", version],
  ["instance", octets(16)],
  ["incarnation", octets(16)],
  ["program", octets(32)],
  ["authentication", number(0xff)],
  ["clientKey", octets(32)],
  ["session", number(0xffffffff)],
  ["sequence", wide],
  ["transition", number(0xffff)],
  ["arguments", octets(null)],
  ["answer", wide],
  ["code", number(0xffff)],
  ["result", octets(null)],
  ["thread", number(0xffff)],
  ["epoch", number(0xffffffff)],
  ["counter", number(0xffffffff)],
  ["leafIndex", wide],
  ["leaves", wide],
  ["path", hashes],
  ["threads", number(0xffff)],
  ["receipts", wide],
  ["threadPath", hashes],
  ["signature", octets(64)],
];

const CERTIFICATION = [
  ["version", version],
  ["instance", octets(16)],
  ["incarnation", octets(16)],
  ["program", octets(32)],
  ["origin", wide],
  ["epoch", number(0xffffffff)],
  ["threads", number(0xffff)],
  ["receipts", wide],
  ["root", octets(32)],
  ["signature", octets(64)],
];

const INTRODUCTION = [
  ["version", version],
  ["instance", octets(16)],
  ["incarnation", octets(16)],
  ["program", octets(32)],
  ["identity", octets(32)],
  ["staticKey", octets(32)],
  ["signature", octets(64)],
];

const UNSIGNED = 0;
const BYTES = 2;
const ARRAY = 4;
const MAP = 5;
const DONE = 0;

/** The fields of a map, strictly decoded and not verified. */
function decode(data, fields) {
  const reader = new Reader(data);
  const count = reader.head(MAP);
  if (count !== BigInt(fields.length)) {
    throw new ReceiptError("WrongKeys", `it has \`${count}\` entries`);
  }
  const found = {};
  fields.forEach(([field, read], place) => {
    const key = reader.head(UNSIGNED);
    if (key !== BigInt(place + 1)) {
      const message = `key \`${key}\` stands where key \`${place + 1}\` belongs`;
      throw new ReceiptError("WrongKeys", message);
    }
    found[field] = read(reader);
  });
  if (reader.at !== data.length) throw new ReceiptError("TrailingBytes", "bytes follow the map");
  return found;
}

/** Refuses lives of a verifier that began otherwise: none are known yet. */
function demandFirstLife(certification) {
  if (certification.origin !== 0n) {
    throw new ReceiptError("UnknownOrigin", `the origin \`${certification.origin}\``);
  }
}

/** Refuses what no verifier signs. */
function demandPossible(receipt) {
  if (receipt.authentication > 2) throw new ReceiptError("UnknownAuthentication", "above 2");
  if (receipt.answer > 2n) throw new ReceiptError("UnknownAnswer", "above 2");
  receipt.answer = Number(receipt.answer);
  const embedded = receipt.authentication === 0;
  const zeros = {
    clientKey: receipt.clientKey.every((byte) => byte === 0),
    session: receipt.session === 0,
    sequence: receipt.sequence === 0n,
  };
  for (const [field, zero] of Object.entries(zeros)) {
    if (zero === embedded) continue;
    const message = embedded
      ? `\`${field}\` of an embedded operation is not zero`
      : `\`${field}\` of a session's operation is zero`;
    throw new ReceiptError("WrongAsker", message);
  }
  if (receipt.answer === DONE && receipt.code !== 0) {
    throw new ReceiptError("WrongAnswer", "an operation that was done has a code");
  }
  if (receipt.answer !== DONE && receipt.result.length !== 0) {
    throw new ReceiptError("WrongAnswer", "an operation that was not done has a result");
  }
}

/** Reads CBOR in its deterministic encoding, and refuses every other one. */
class Reader {
  constructor(data) {
    this.data = data;
    this.at = 0;
  }

  /** The number or length, as a BigInt, that begins an item of this major type. */
  head(major) {
    const first = this.take(1)[0];
    if (first >> 5 !== major) {
      throw new ReceiptError("WrongType", `byte \`${this.at - 1}\` begins another type`);
    }
    const low = first & 31;
    if (low < 24) return BigInt(low);
    if (low > 27) throw new ReceiptError("NotShortest", "a length is left open");
    const width = 1 << (low - 24);
    const value = this.take(width).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    const smallest = width === 1 ? 24n : 1n << BigInt(4 * width);
    if (value < smallest) {
      throw new ReceiptError("NotShortest", `\`${value}\` is written longer than need be`);
    }
    return value;
  }

  take(count) {
    if (count > this.data.length - this.at) {
      throw new ReceiptError("Truncated", `it ends before its last field`);
    }
    this.at += count;
    return this.data.subarray(this.at - count, this.at);
  }
}

function version(reader) {
  const value = reader.head(UNSIGNED);
  if (value !== 1n) throw new ReceiptError("UnknownVersion", `it is of version \`${value}\``);
  return 1;
}

function number(largest) {
  return (reader) => {
    const value = reader.head(UNSIGNED);
    if (value > BigInt(largest)) {
      throw new ReceiptError("OutOfRange", `the number \`${value}\` is above \`${largest}\``);
    }
    return Number(value);
  };
}

function wide(reader) {
  return reader.head(UNSIGNED);
}

function octets(size) {
  return (reader) => {
    const length = reader.head(BYTES);
    if (size !== null && length !== BigInt(size)) {
      throw new ReceiptError("WrongLength", `\`${length}\` bytes, and not \`${size}\``);
    }
    // Above the largest safe integer there are never so many bytes left.
    return reader.take(Number(length));
  };
}

function hashes(reader) {
  const found = [];
  const count = reader.head(ARRAY);
  const read = octets(32);
  while (BigInt(found.length) < count) found.push(read(reader));
  return found;
}

/** The 187 bytes that stand for the operation in the tree. */
async function leafOf(receipt) {
  const request = await sha256(Uint8Array.of(0x20), u16(receipt.transition), receipt.arguments);
  const result = await sha256(Uint8Array.of(0x21), receipt.result);
  return concatenated(
    Uint8Array.of(receipt.version),
    receipt.instance,
    receipt.incarnation,
    receipt.program,
    Uint8Array.of(receipt.authentication),
    receipt.clientKey,
    u32(receipt.session),
    u64(receipt.sequence),
    request,
    Uint8Array.of(receipt.answer),
    u16(receipt.code),
    result,
    u16(receipt.thread),
    u32(receipt.epoch),
    u32(receipt.counter),
  );
}

/** The bytes that the identity signs when the epoch is certified. */
function certificationOf(receipt, root) {
  return concatenated(
    new TextEncoder().encode("zeta certification v1\0"),
    receipt.instance,
    receipt.incarnation,
    receipt.program,
    Uint8Array.of(0), // origin: began from the instance's initial state
    u32(receipt.epoch),
    u16(receipt.threads),
    u64(receipt.receipts),
    root,
  );
}

/** The root of the tree in which a hash is leaf `index` of `leaves`: RFC 9162, 2.1.3.2. */
async function rootAbove(leaf, index, leaves, path) {
  let [node, place, last] = [leaf, index, leaves - 1n];
  for (const sibling of path) {
    if (last === 0n) throw new ReceiptError("WrongPath", "the path leads beyond the root");
    const left = (place & 1n) === 1n || place === last;
    node = await sha256(Uint8Array.of(1), ...(left ? [sibling, node] : [node, sibling]));
    // At the right edge, levels at which the node has no sibling are skipped.
    while (left && place !== 0n && (place & 1n) === 0n) {
      place >>= 1n;
      last >>= 1n;
    }
    place >>= 1n;
    last >>= 1n;
  }
  if (last !== 0n) throw new ReceiptError("WrongPath", "the path does not lead to the root");
  return node;
}

const GROUP_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

async function isSigned(identity, message, signature) {
  // RFC 8032, 5.1.7, step 1; stated here, because not every browser has refused it.
  const scalar = BigInt("0x" + toHex(Array.from(signature.subarray(32)).reverse()));
  if (scalar >= GROUP_ORDER) return false;
  const { subtle } = await webCrypto();
  let key;
  try {
    key = await subtle.importKey("raw", identity, "Ed25519", false, ["verify"]);
  } catch (error) {
    if (error.name === "NotSupportedError") throw error;
    return false; // these 32 bytes are no point of the curve, so they signed nothing
  }
  return subtle.verify("Ed25519", key, signature, message);
}

async function sha256(...parts) {
  const { subtle } = await webCrypto();
  return new Uint8Array(await subtle.digest("SHA-256", concatenated(...parts)));
}

/** Node 18 keeps it in a module; browsers offer it to pages that came over HTTPS or from a file. */
async function webCrypto() {
  const found = globalThis.crypto ?? (await import("node:crypto")).webcrypto;
  if (found.subtle === undefined) throw new Error("this page has no WebCrypto: it needs HTTPS");
  return found;
}

function demand(name, value, size) {
  if (!(value instanceof Uint8Array) || value.length !== size) {
    throw new TypeError(`\`${name}\` must be \`${size}\` bytes in a Uint8Array`);
  }
}

function asText(content) {
  return Array.from(content, (byte) => String.fromCharCode(byte)).join("");
}

function equal(left, right) {
  return left.length === right.length && left.every((byte, place) => byte === right[place]);
}

function concatenated(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function u16(value) {
  return littleEndian(BigInt(value), 2);
}

function u32(value) {
  return littleEndian(BigInt(value), 4);
}

function u64(value) {
  return littleEndian(value, 8);
}

function littleEndian(value, width) {
  const byteAt = (_, place) => Number((value >> BigInt(8 * place)) & 255n);
  return Uint8Array.from({ length: width }, byteAt);
}
