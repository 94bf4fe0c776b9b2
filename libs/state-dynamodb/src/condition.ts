import { OWN, type KeyName } from './attribute-names.js';
import type { Item } from './item.js';

export interface Condition {
  readonly ConditionExpression: string;
  readonly ExpressionAttributeNames: Record<string, string>;
  readonly ExpressionAttributeValues?: Item;
}

/**
 * Holds as long as the item is the one that was read; undefined: none. An item of ours is another one with each write. The
 * Go service's have nothing of that kind: all their attributes are compared.
 */
export function unchanged(item: Item | undefined, keyName: KeyName): Condition {
  if (item === undefined) {
    return {
      ConditionExpression: 'attribute_not_exists(#key)',
      ExpressionAttributeNames: { '#key': keyName },
    };
  }
  const writeId = item[OWN.writeId];
  if (writeId !== undefined) {
    return {
      ConditionExpression: '#writeId = :writeId',
      ExpressionAttributeNames: { '#writeId': OWN.writeId },
      ExpressionAttributeValues: { ':writeId': writeId },
    };
  }
  const names = Object.keys(item);
  return {
    ConditionExpression: [
      'attribute_not_exists(#writeId)',
      ...names.map((_, index) => `#n${index} = :v${index}`),
    ].join(' AND '),
    ExpressionAttributeNames: {
      '#writeId': OWN.writeId,
      ...Object.fromEntries(names.map((name, index) => [`#n${index}`, name])),
    },
    ExpressionAttributeValues: Object.fromEntries(names.map((name, index) => [`:v${index}`, item[name]])),
  };
}
