import assert from 'node:assert/strict';
import { hasFeature, type Feature, type FeatureMethods } from '../features.js';
import type { LogStore } from '../log-store.js';

/** The store with the methods of a feature that the case needs. */
export function having<Name extends Feature>(
  store: LogStore,
  feature: Name,
): LogStore & FeatureMethods[Name] {
  assert.ok(hasFeature(store, feature), `the store does not declare ${feature}`);
  return store;
}
