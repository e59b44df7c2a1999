/**
 * The four metadata functions that @peculiar/x509's container (tsyringe) demands of `Reflect` before it loads. Nothing here is
 * used for decorators of ours. A real `reflect-metadata`, if some library loaded one, is left alone.
 */
type MetadataReflect = typeof Reflect & {
  getMetadata?: (key: unknown, target: object) => unknown;
  getOwnMetadata?: (key: unknown, target: object) => unknown;
  hasOwnMetadata?: (key: unknown, target: object) => boolean;
  defineMetadata?: (key: unknown, value: unknown, target: object) => void;
};

export function installReflectMetadata(): void {
  const reflect = Reflect as MetadataReflect;
  if (reflect.getMetadata !== undefined) return;
  const stored = new WeakMap<object, Map<unknown, unknown>>();
  reflect.getOwnMetadata = (key, target) => stored.get(target)?.get(key);
  reflect.hasOwnMetadata = (key, target) => stored.get(target)?.has(key) ?? false;
  reflect.defineMetadata = (key, value, target) => {
    stored.set(target, (stored.get(target) ?? new Map<unknown, unknown>()).set(key, value));
  };
  reflect.getMetadata = (key, target) => {
    for (let at: object | null = target; at !== null; at = Object.getPrototypeOf(at) as object | null) {
      const own = stored.get(at);
      if (own?.has(key)) return own.get(key);
    }
    return undefined;
  };
}
