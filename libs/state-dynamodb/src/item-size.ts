import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Item } from './item.js';

/** What DynamoDB counts for a list or an object, and for each element of it. */
const CONTAINER_BYTES = 3;
const ELEMENT_BYTES = 1;

/** The size of an item as DynamoDB counts it against its limit of 400 KB; numbers are counted generously. */
export function itemSize(item: Item): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(item)) bytes += Buffer.byteLength(name) + valueSize(value);
  return bytes;
}

function valueSize(value: AttributeValue): number {
  if (value.S !== undefined) return Buffer.byteLength(value.S);
  if (value.N !== undefined) return numberSize(value.N);
  if (value.B !== undefined) return value.B.byteLength;
  if (value.L !== undefined)
    return value.L.reduce((sum, one) => sum + ELEMENT_BYTES + valueSize(one), CONTAINER_BYTES);
  if (value.M !== undefined)
    return Object.entries(value.M).reduce(
      (sum, [name, one]) => sum + ELEMENT_BYTES + Buffer.byteLength(name) + valueSize(one),
      CONTAINER_BYTES,
    );
  if (value.SS !== undefined) return value.SS.reduce((sum, one) => sum + Buffer.byteLength(one), 0);
  if (value.NS !== undefined) return value.NS.reduce((sum, one) => sum + numberSize(one), 0);
  if (value.BS !== undefined) return value.BS.reduce((sum, one) => sum + one.byteLength, 0);
  return 1;
}

/** Two digits a byte, and a byte for the exponent. */
function numberSize(text: string): number {
  return Math.ceil(text.length / 2) + 1;
}
