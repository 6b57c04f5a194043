// Reads vectors, one JSON object a line, and answers each with the verdict of the JavaScript.

import { createInterface } from "node:readline";

import { ReceiptError, fromHex, verify } from "../../js/zeta-verify.mjs";

for await (const line of createInterface({ input: process.stdin })) {
  const { bytes, identity, instance } = JSON.parse(line);
  let verdict = "accepted";
  try {
    await verify(fromHex(bytes), fromHex(identity), fromHex(instance));
  } catch (error) {
    verdict = error instanceof ReceiptError ? error.name : `a bug: ${error.stack}`;
  }
  process.stdout.write(`${JSON.stringify(verdict)}\n`);
}
