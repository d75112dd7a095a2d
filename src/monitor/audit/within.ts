/** What a step gives, or `late` where it takes longer than so many milliseconds; it is not ended then. */
export async function within<Result>(ms: number, step: Promise<Result>, late: Error): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late), ms);
  });
  return await Promise.race([step, limit]).finally(() => clearTimeout(timer));
}
