import { homedir } from 'node:os';

// @joblet/config has the same, but most commands of rnx are quicker because they do not load it.

/**
 * The working directory. When it was deleted, its old path: nothing is found there, and a message with it makes sense.
 */
export function workingDirectory(): string {
  try {
    return process.cwd();
  } catch {
    return process.env.PWD ?? '/nonexistent';
  }
}

/** The user's home; the root folder for a user id that no user has (a container), when HOME does not tell either. */
export function homeDirectory(): string {
  try {
    return homedir();
  } catch {
    return '/';
  }
}
