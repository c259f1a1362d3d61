package trivium.machine.memory;

import java.util.ArrayList;
import java.util.List;
import trivium.memory.PhysicalMemory;
import trivium.memory.PhysicalMemory.DirectRange;

/** Joins pages that follow each other in the guest and in the host. */
final class DirectRanges {
    private static final int PAGE = PhysicalMemory.PAGE_BYTES;

    private final List<DirectRange> list = new ArrayList<>();
    private long gpa, hva, bytes;
    private boolean writable;

    void add(long pageGpa, long pageHva, boolean pageWritable) {
        if (bytes > 0
                && pageGpa == gpa + bytes
                && pageHva == hva + bytes
                && pageWritable == writable) {
            bytes += PAGE;
            return;
        }
        end();
        gpa = pageGpa;
        hva = pageHva;
        writable = pageWritable;
        bytes = PAGE;
    }

    private void end() {
        if (bytes > 0) {
            list.add(new DirectRange(gpa, bytes, hva, writable));
        }
    }

    /** All there are; ends the work. */
    List<DirectRange> list() {
        end();
        bytes = 0;
        return list;
    }
}
