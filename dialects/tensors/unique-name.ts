// Names of tensors of several responses in one message. In: the names so far, a name and the child that it comes from; out: the name, with
// the child's number behind it where it is taken.

export function uniqueName(used: Set<string>, name: string, child: number): string {
  let own = name;
  // What is still taken gets a number that no name had before, so that many equal names take one more step each.
  for (let more = used.size; used.has(own); more++) {
    own = own === name ? `${name}_${child}` : `${name}_${child}_${more}`;
  }
  used.add(own);
  return own;
}
