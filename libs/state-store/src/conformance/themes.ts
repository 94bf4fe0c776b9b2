import { invalidArguments } from './arguments.js';
import type { Theme } from './case.js';
import { closing } from './closing.js';
import { content } from './content.js';
import { creating } from './creating.js';
import { declaration } from './declaration.js';
import { deleting } from './deleting.js';
import { isolation } from './isolation.js';
import { listing } from './listing.js';
import { paging } from './paging.js';
import { random } from './random.js';
import { syncing } from './syncing.js';
import { updating } from './updating.js';
import { upserting } from './upserting.js';

export const THEMES: readonly Theme[] = [
  declaration,
  content,
  creating,
  updating,
  upserting,
  deleting,
  listing,
  paging,
  syncing,
  invalidArguments,
  isolation,
  closing,
  random,
];
