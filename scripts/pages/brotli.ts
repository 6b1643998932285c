/** Compresses files of the pages with brotli. */
import { promisify } from "node:util";
import { brotliCompress, constants } from "node:zlib";

const compress = promisify(brotliCompress);
/** Limits of brotli. */
const WINDOW_BITS = { min: 10, max: 22 };

/**
 * Compresses a whole file.
 *
 * The window is as large as the file: brotli reserves and clears memory for the whole window, which takes four times as long as compressing
 * a page.
 *
 * @param quality From 0 to 11, the smallest result.
 */
export function brotli(content: string | Buffer, quality: number): Promise<Buffer> {
  const bytes = Buffer.byteLength(content);
  const bits = Math.ceil(Math.log2(bytes + 1));
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: quality,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes,
    [constants.BROTLI_PARAM_LGWIN]: Math.min(Math.max(bits, WINDOW_BITS.min), WINDOW_BITS.max),
  };
  return compress(content, { params });
}
