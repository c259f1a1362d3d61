package trivium.machine.block;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import trivium.vm.VmConfig.Drive;
import trivium.vm.VmException;

/**
 * An image in use, of which others may keep what it holds at a moment ({@link #freeze}): before a
 * cluster is overwritten for the first time after that, it is kept aside. The image itself always
 * has the truth. Its file stays open, and locked, until the last who kept something is closed.
 */
public final class LivingImage implements Image {
    private final Image image;

    /** The newest last; each has the clusters overwritten between itself and the next one. */
    private final List<Version> versions = new ArrayList<>();

    private final byte[] cluster = new byte[Clusters.BYTES];
    private boolean closed;

    /** Closed with this. */
    public LivingImage(Image image) {
        this.image = image;
    }

    /**
     * Opens a drive's image.
     *
     * @throws VmException as {@link RawImage#open}
     */
    public static LivingImage open(Drive drive) throws VmException {
        return new LivingImage(RawImage.open(drive));
    }

    /** One that begins with another's past, and keeps to itself what is written to it. */
    public static LivingImage over(Image past) {
        return new LivingImage(past.readOnly() ? past : new OverlayImage(past));
    }

    /** What it holds now, to be read as long as that is open. */
    public synchronized Image freeze() {
        Version version = new Version();
        versions.add(version);
        return version;
    }

    private final class Version implements Image {
        private final Clusters overwritten = new Clusters();
        private boolean left;

        @Override
        public Media media() {
            return image.media();
        }

        @Override
        public long sizeBytes() {
            return image.sizeBytes();
        }

        /** As the image is: whether to write over it is to be asked by those who begin with it. */
        @Override
        public boolean readOnly() {
            return image.readOnly();
        }

        @Override
        public void read(long offset, byte[] into, int at, int length) throws IOException {
            synchronized (LivingImage.this) {
                Pieces.check(this, offset, length);
                Pieces.forEach(
                        offset,
                        length,
                        (number, from, done, n) -> readPiece(number, from, into, at + done, n));
            }
        }

        private void readPiece(long number, int from, byte[] into, int at, int n)
                throws IOException {
            for (int i = versions.indexOf(this); i < versions.size(); i++) {
                Clusters kept = versions.get(i).overwritten;
                if (kept.has(number)) {
                    kept.read(number, from, into, at, n);
                    return;
                }
            }
            image.read(number * Clusters.BYTES + from, into, at, n);
        }

        @Override
        public void write(long offset, byte[] from, int at, int length) throws IOException {
            throw new IOException("this is the past");
        }

        @Override
        public void flush() {}

        @Override
        public void close() throws IOException {
            synchronized (LivingImage.this) {
                left = true;
                forget();
            }
        }
    }

    /** Drops what no older reader can need, and the image once nobody is left. */
    private void forget() throws IOException {
        while (!versions.isEmpty() && versions.getFirst().left) {
            versions.removeFirst().overwritten.close();
        }
        if (closed && versions.isEmpty()) {
            image.close();
        }
    }

    @Override
    public Media media() {
        return image.media();
    }

    @Override
    public long sizeBytes() {
        return image.sizeBytes();
    }

    @Override
    public boolean readOnly() {
        return image.readOnly();
    }

    @Override
    public synchronized void read(long offset, byte[] into, int at, int length) throws IOException {
        image.read(offset, into, at, length);
    }

    @Override
    public synchronized void write(long offset, byte[] from, int at, int length)
            throws IOException {
        if (!versions.isEmpty() && !readOnly()) {
            Pieces.check(this, offset, length);
            Clusters kept = versions.getLast().overwritten;
            Pieces.forEach(
                    offset,
                    length,
                    (number, _, _, _) -> {
                        if (!kept.has(number)) {
                            Pieces.read(image, number, cluster);
                            kept.put(number, cluster);
                        }
                    });
        }
        image.write(offset, from, at, length);
    }

    @Override
    public synchronized void flush() throws IOException {
        image.flush();
    }

    @Override
    public synchronized void close() throws IOException {
        if (!closed) {
            closed = true;
            image.flush();
            forget();
        }
    }
}
