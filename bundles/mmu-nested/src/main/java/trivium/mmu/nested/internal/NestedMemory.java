package trivium.mmu.nested.internal;

import trivium.memory.MemoryListener;
import trivium.memory.PhysicalMemory;

/**
 * Guest-physical memory as the walker of the guest's tables sees it: through the second level, as
 * the processor does (SDM Vol. 3C "EPT Translation Mechanism"). To set an accessed or dirty bit of
 * an entry is a write, and makes the table's page dirty.
 */
record NestedMemory(SecondLevel level, PhysicalMemory memory) implements PhysicalMemory {
    @Override
    public long readableHost(long gpa) {
        return level.host(gpa, false);
    }

    @Override
    public long writableHost(long gpa) {
        return level.host(gpa, true);
    }

    // spotless:off
    @Override public long ramBytes() { return memory.ramBytes(); }

    @Override public long read(long gpa, int size) { return memory.read(gpa, size); }

    @Override public void write(long gpa, int size, long value) { memory.write(gpa, size, value); }

    @Override public void read(long gpa, byte[] into, int offset, int length) { memory.read(gpa, into, offset, length); }

    @Override public void write(long gpa, byte[] from, int offset, int length) { memory.write(gpa, from, offset, length); }

    @Override public void trackCode(long gpa) { memory.trackCode(gpa); }

    @Override public void untrackCode(long gpa) { memory.untrackCode(gpa); }

    @Override public void addListener(MemoryListener listener) { memory.addListener(listener); }

    @Override public void removeListener(MemoryListener listener) { memory.removeListener(listener); }

    @Override public long a20Mask() { return memory.a20Mask(); }

    @Override public void setA20(boolean open) { memory.setA20(open); }
    // spotless:on
}
