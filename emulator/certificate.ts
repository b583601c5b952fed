// A self-signed certificate for 127.0.0.1 and localhost, made anew at each start, so that no key lies in the repository.
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

export interface Certificate {
  /** PEM; a client that trusts this alone may connect. */
  certificate: string;
  /** PEM. */
  privateKey: string;
}

const TAG = {
  integer: 2,
  bits: 3,
  bytes: 4,
  oid: 6,
  utf8: 12,
  sequence: 0x30,
  set: 0x31,
  time: 0x17,
} as const;

/** Object identifiers, already encoded. */
const OID = {
  commonName: [0x55, 0x04, 0x03],
  basicConstraints: [0x55, 0x1d, 0x13],
  subjectAltName: [0x55, 0x1d, 0x11],
  ecdsaWithSha256: [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02],
};

const DAY_MS = 24 * 60 * 60 * 1000;

/** Valid from a day before `now` (milliseconds) for eight days; a `now` of long ago makes an expired one. */
export function selfSignedCertificate(now: number = Date.now()): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const body = certificateBody(publicKey, now);
  const algorithm = sequence(oid(OID.ecdsaWithSha256));
  const signature = sign("sha256", body, privateKey);
  const whole = sequence(body, algorithm, bits(signature));
  return {
    certificate: pem("CERTIFICATE", whole),
    privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

function certificateBody(publicKey: KeyObject, now: number): Buffer {
  const name = sequence(der(TAG.set, sequence(oid(OID.commonName), der(TAG.utf8, Buffer.from("localhost")))));
  const validity = sequence(time(now - DAY_MS), time(now + 7 * DAY_MS));
  const serial = Buffer.concat([Buffer.from([1]), randomBytes(8)]);
  return sequence(
    der(0xa0, der(TAG.integer, Buffer.from([2]))),
    der(TAG.integer, serial),
    sequence(oid(OID.ecdsaWithSha256)),
    name,
    validity,
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, extensions()),
  );
}

function extensions(): Buffer {
  const isAuthority = sequence(der(1, Buffer.from([0xff])));
  const names = sequence(der(0x82, Buffer.from("localhost")), der(0x87, Buffer.from([127, 0, 0, 1])));
  return sequence(
    sequence(oid(OID.basicConstraints), der(TAG.bytes, isAuthority)),
    sequence(oid(OID.subjectAltName), der(TAG.bytes, names)),
  );
}

/** One value of the encoding X.509 is written in: tag, length, content. */
function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function sequence(...parts: Buffer[]): Buffer {
  return der(TAG.sequence, ...parts);
}

function oid(bytes: number[]): Buffer {
  return der(TAG.oid, Buffer.from(bytes));
}

function bits(content: Buffer): Buffer {
  return der(TAG.bits, Buffer.from([0]), content);
}

function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/\D/g, "").slice(2, 14);
  return der(TAG.time, Buffer.from(`${digits}Z`));
}

function pem(label: string, content: Buffer): string {
  const lines = content.toString("base64").match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}
