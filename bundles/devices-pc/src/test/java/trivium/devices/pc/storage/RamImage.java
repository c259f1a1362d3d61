package trivium.devices.pc.storage;

import java.io.IOException;
import java.util.Random;
import trivium.device.BlockBackend;

/** An image in memory, filled with noise, that can be told to fail. */
final class RamImage implements BlockBackend {
    final Media media;
    byte[] bytes;
    boolean readOnly;
    boolean broken;
    int generation;
    int flushes;

    RamImage(Media media, int sizeBytes) {
        this.media = media;
        bytes = new byte[sizeBytes];
        new Random(sizeBytes).nextBytes(bytes);
    }

    @Override
    public Media media() {
        return media;
    }

    @Override
    public long sizeBytes() {
        return bytes.length;
    }

    @Override
    public boolean readOnly() {
        return readOnly;
    }

    private void check(long offset, int length) throws IOException {
        if (broken || offset < 0 || offset + length > bytes.length) {
            throw new IOException("broken image");
        }
    }

    @Override
    public void read(long offset, byte[] into, int at, int length) throws IOException {
        check(offset, length);
        System.arraycopy(bytes, (int) offset, into, at, length);
    }

    @Override
    public void write(long offset, byte[] from, int at, int length) throws IOException {
        check(offset, length);
        System.arraycopy(from, at, bytes, (int) offset, length);
    }

    @Override
    public void flush() throws IOException {
        check(0, 0);
        flushes++;
    }

    @Override
    public int mediaGeneration() {
        return generation;
    }

    @Override
    public void eject() {
        bytes = new byte[0];
        generation++;
    }
}
