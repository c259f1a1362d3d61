package trivium.machine.block;

import java.io.IOException;

/** What is written to it stays here, for as long as it is open; the rest is read from below. */
final class OverlayImage implements Image {
    private final Image below;
    private final Clusters written = new Clusters();
    private final byte[] cluster = new byte[Clusters.BYTES];

    /** Closed with this. */
    OverlayImage(Image below) {
        this.below = below;
    }

    @Override
    public Media media() {
        return below.media();
    }

    @Override
    public long sizeBytes() {
        return below.sizeBytes();
    }

    @Override
    public boolean readOnly() {
        return false;
    }

    @Override
    public synchronized void read(long offset, byte[] into, int at, int length) throws IOException {
        Pieces.check(this, offset, length);
        Pieces.forEach(
                offset,
                length,
                (number, from, done, n) -> {
                    if (written.has(number)) {
                        written.read(number, from, into, at + done, n);
                    } else {
                        below.read(offset + done, into, at + done, n);
                    }
                });
    }

    @Override
    public synchronized void write(long offset, byte[] from, int at, int length)
            throws IOException {
        Pieces.check(this, offset, length);
        Pieces.forEach(
                offset,
                length,
                (number, to, done, n) -> {
                    if (!written.has(number)) {
                        Pieces.read(below, number, cluster);
                        written.put(number, cluster);
                    }
                    written.write(number, to, from, at + done, n);
                });
    }

    /** Nothing of it outlives this program. */
    @Override
    public void flush() {}

    @Override
    public synchronized void close() throws IOException {
        try (below) {
            written.close();
        }
    }
}
