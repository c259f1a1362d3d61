package trivium.machine.block;

import java.io.EOFException;
import java.io.IOException;

/** Accesses to an image cut at the edges of clusters. */
final class Pieces {
    private Pieces() {}

    /** One access to one cluster. */
    interface Piece {
        /**
         * @param cluster its number
         * @param offset in the cluster
         * @param done bytes of the whole access before this one
         */
        void at(long cluster, int offset, int done, int length) throws IOException;
    }

    static void forEach(long offset, int length, Piece piece) throws IOException {
        for (int done = 0; done < length; ) {
            long from = offset + done;
            int within = (int) (from % Clusters.BYTES);
            int n = Math.min(length - done, Clusters.BYTES - within);
            piece.at(from / Clusters.BYTES, within, done, n);
            done += n;
        }
    }

    static void check(Image image, long offset, int length) throws IOException {
        if (offset < 0 || offset > image.sizeBytes() - length) {
            throw new EOFException("no bytes %d+%d in this image".formatted(offset, length));
        }
    }

    /** Reads a whole cluster; the last one may be short. */
    static void read(Image image, long cluster, byte[] into) throws IOException {
        long start = cluster * Clusters.BYTES;
        image.read(start, into, 0, (int) Math.min(into.length, image.sizeBytes() - start));
    }
}
