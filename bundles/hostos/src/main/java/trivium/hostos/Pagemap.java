package trivium.hostos;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * What the kernel has mapped for pages of this process (Linux, Documentation/admin-guide/mm/
 * pagemap.rst).
 */
final class Pagemap {
    private static final int ENTRY = 8, PAGE = Memfd.PAGE_BYTES, MOST = 8192;
    private static final long PRESENT = 1L << 63, SWAPPED = 1L << 62, FILE = 1L << 61;
    private static final long EXCLUSIVE = 1L << 56;

    private Pagemap() {}

    /** Which pages count. */
    enum Kind {
        /** All that a private mapping may have got of its own when they were written. */
        WRITTEN,
        /** Those of them that surely cost memory: the page of zeros that all share is not one. */
        OWN;

        private boolean is(long entry) {
            boolean there = (entry & (PRESENT | SWAPPED)) != 0 && (entry & FILE) == 0;
            return there && (this == WRITTEN || (entry & (SWAPPED | EXCLUSIVE)) != 0);
        }
    }

    /** Visits the runs of such pages from a page's address on; offsets are relative to that. */
    static void forEach(Kind kind, long hva, long length, Runs runs) throws IOException {
        try (FileChannel file = open()) {
            ByteBuffer buffer =
                    ByteBuffer.allocate((int) Math.min(MOST, length / PAGE) * ENTRY)
                            .order(ByteOrder.nativeOrder());
            long start = -1;
            for (long at = 0; at < length; ) {
                int pages = (int) Math.min(MOST, (length - at) / PAGE);
                fill(file, buffer, hva + at, pages);
                for (int i = 0; i < pages; i++, at += PAGE) {
                    boolean is = kind.is(buffer.getLong(i * ENTRY));
                    if (is && start < 0) {
                        start = at;
                    } else if (!is && start >= 0) {
                        runs.run(start, at - start);
                        start = -1;
                    }
                }
            }
            if (start >= 0) {
                runs.run(start, length - start);
            }
        }
    }

    private static FileChannel open() throws IOException {
        return FileChannel.open(Path.of("/proc/self/pagemap"), StandardOpenOption.READ);
    }

    private static void fill(FileChannel file, ByteBuffer buffer, long hva, int pages)
            throws IOException {
        buffer.clear().limit(pages * ENTRY);
        long position = hva / PAGE * ENTRY;
        while (buffer.hasRemaining()) {
            int n = file.read(buffer, position + buffer.position());
            if (n <= 0) {
                throw new EOFException("/proc/self/pagemap ends at %#x".formatted(hva));
            }
        }
    }
}
