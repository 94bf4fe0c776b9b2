import { types } from 'node:util';

// jest runs tests in a realm of their own, where Node's own errors are not `instanceof Error`; Connect then
// reports a refused connection as Internal instead of Unavailable.
Object.defineProperty(Error, Symbol.hasInstance, {
  value(value) {
    return this === Error
      ? types.isNativeError(value) || isPrototypeOf(this, value)
      : isPrototypeOf(this, value);
  },
});

function isPrototypeOf(constructor, value) {
  return Object.prototype.isPrototypeOf.call(constructor.prototype, value);
}
