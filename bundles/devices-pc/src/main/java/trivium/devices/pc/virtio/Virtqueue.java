package trivium.devices.pc.virtio;

import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import trivium.memory.PhysicalMemory;

/**
 * A split virtqueue in guest memory (VIRTIO 1.0, 2.4 "Virtqueues"). A driver that breaks its rules
 * gets nothing more out of it until the device is reset. Not modelled: indirect descriptors and
 * event indices, which are not offered.
 */
public final class Virtqueue {
    private static final int NEXT = 1, WRITE = 2, INDIRECT = 4;
    private static final int NO_INTERRUPT = 1;
    private static final int DESCRIPTOR = 16, LEGACY_ALIGN = 4096;

    /**
     * @param size of the rings, a power of two
     * @param nextAvailable index of the chain to take next
     * @param nextUsed index of the chain to give back next
     */
    public record State(
            int size,
            boolean enabled,
            long descriptors,
            long available,
            long used,
            int nextAvailable,
            int nextUsed,
            boolean broken) {}

    /** A piece of guest memory. */
    private record Piece(long gpa, long length) {}

    /** What the driver made available as one: what it tells, then what it wants to be told. */
    public final class Chain {
        private final int head;
        private final List<Piece> readable = new ArrayList<>(), writable = new ArrayList<>();

        private Chain(int head) {
            this.head = head;
        }

        /**
         * Copies what the driver tells.
         *
         * @param from bytes into it
         * @return how many bytes there were, at most {@code length}
         */
        public int read(long from, byte[] into, int length) {
            long skip = from;
            int done = 0;
            for (Piece piece : readable) {
                int n = (int) Math.min(length - done, piece.length - skip);
                if (n > 0) {
                    memory.read(piece.gpa + skip, into, done, n);
                    done += n;
                }
                skip = Math.max(0, skip - piece.length);
            }
            return done;
        }

        /**
         * Copies to where the driver wants to be told.
         *
         * @return how many bytes there was room for
         */
        public int write(byte[] bytes, int length) {
            int done = 0;
            for (Piece piece : writable) {
                int n = (int) Math.min(length - done, piece.length);
                memory.write(piece.gpa, bytes, done, n);
                done += n;
            }
            return done;
        }
    }

    private final PhysicalMemory memory;
    private final int mostSize;
    private int size;
    private boolean enabled, broken;
    private long descriptors, available, used;
    private int nextAvailable, nextUsed;

    /**
     * @param mostSize a power of two
     */
    Virtqueue(PhysicalMemory memory, int mostSize) {
        this.memory = memory;
        this.mostSize = mostSize;
        size = mostSize;
    }

    void reset() {
        size = mostSize;
        enabled = false;
        broken = false;
        descriptors = 0;
        available = 0;
        used = 0;
        nextAvailable = 0;
        nextUsed = 0;
    }

    // --- set up by the transport

    int size() {
        return size;
    }

    /** Sizes that are no power of two, or too large, are ignored. */
    void setSize(int wanted) {
        if (Integer.bitCount(wanted) == 1 && wanted <= mostSize) {
            size = wanted;
        }
    }

    boolean enabled() {
        return enabled;
    }

    void enable() {
        enabled = true;
    }

    long descriptors() {
        return descriptors;
    }

    long available() {
        return available;
    }

    long used() {
        return used;
    }

    void place(long descriptorsGpa, long availableGpa, long usedGpa) {
        descriptors = descriptorsGpa & -DESCRIPTOR;
        available = availableGpa & -2;
        used = usedGpa & -4;
    }

    /** 2.4.2 "Legacy Interfaces: A Note on Virtqueue Layout"; page 0 takes the queue away. */
    void placeLegacy(int pfn) {
        long start = (pfn & 0xffff_ffffL) << 12;
        long ring = start + (long) DESCRIPTOR * size;
        long behind = ring + 2L * (3 + size);
        place(start, ring, behind + LEGACY_ALIGN - 1 & -LEGACY_ALIGN);
        enabled = pfn != 0;
        nextAvailable = 0;
        nextUsed = 0;
    }

    /** Whether the driver broke the rules. */
    boolean broken() {
        return broken;
    }

    // --- used by the device

    /** The next chain; null if there is none. */
    public Chain take() {
        if (!enabled || broken) {
            return null;
        }
        int index = (int) memory.read(available + 2, 2);
        VarHandle.acquireFence(); // what the index tells of is read after it
        int waiting = index - nextAvailable & 0xffff;
        if (waiting == 0) {
            return null;
        }
        if (waiting > size) {
            broken = true;
            return null;
        }
        int head = (int) memory.read(available + 4 + 2L * (nextAvailable & size - 1), 2);
        nextAvailable = nextAvailable + 1 & 0xffff;
        return follow(head);
    }

    private Chain follow(int head) {
        Chain chain = new Chain(head);
        int at = head;
        for (int n = 0; n < size && at < size; n++) {
            long descriptor = descriptors + (long) DESCRIPTOR * at;
            var piece =
                    new Piece(
                            memory.read(descriptor, 8),
                            memory.read(descriptor + 8, 4) & 0xffff_ffffL);
            int flags = (int) memory.read(descriptor + 12, 2);
            boolean write = (flags & WRITE) != 0;
            if ((flags & INDIRECT) != 0 || !write && !chain.writable.isEmpty()) {
                break;
            }
            (write ? chain.writable : chain.readable).add(piece);
            if ((flags & NEXT) == 0) {
                return chain;
            }
            at = (int) memory.read(descriptor + 14, 2);
        }
        broken = true;
        return null;
    }

    /**
     * Gives a chain back.
     *
     * @param written how many bytes the driver is told
     */
    public void give(Chain chain, int written) {
        long element = used + 4 + 8L * (nextUsed & size - 1);
        memory.write(element, 4, chain.head);
        memory.write(element + 4, 4, written);
        nextUsed = nextUsed + 1 & 0xffff;
        VarHandle.releaseFence(); // the index is written after what it tells of
        memory.write(used + 2, 2, nextUsed);
    }

    /** Whether the driver wants an interrupt for what was given back. */
    public boolean wantsInterrupt() {
        VarHandle.fullFence(); // 2.4.7: the flag is read after the index is written
        return enabled && (memory.read(available, 2) & NO_INTERRUPT) == 0;
    }

    // --- state

    State save() {
        return new State(
                size, enabled, descriptors, available, used, nextAvailable, nextUsed, broken);
    }

    void restore(State s) {
        reset();
        setSize(s.size);
        enabled = s.enabled;
        place(s.descriptors, s.available, s.used);
        nextAvailable = s.nextAvailable & 0xffff;
        nextUsed = s.nextUsed & 0xffff;
        broken = s.broken;
    }
}
