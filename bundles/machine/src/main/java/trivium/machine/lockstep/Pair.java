package trivium.machine.lockstep;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.TreeSet;
import java.util.concurrent.Future;
import trivium.machine.boot.Boot;
import trivium.machine.life.Catalog;
import trivium.machine.life.Disassembly;
import trivium.vm.VmConfig;
import trivium.vm.VmException;
import trivium.x86.decode.Instruction;
import trivium.x86.decode.StatusFlags;

/**
 * The two machines, and what it takes to call them equal. Status flags that the last instructions
 * leave undefined may differ: then the engine under test gets those of the reference, so that the
 * difference does not spread. So do images of the flags in memory that differ in status flags only.
 */
final class Pair implements AutoCloseable {
    private static final ValueLayout.OfInt WORD =
            ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final long PAGE = 4096;

    /** Idle guests go from timer to timer in a few instructions. */
    private static final long WORTH_A_STOP = 20_000;

    /** FLAGS bits 1, and 3, 5, 15: always one, always zero. */
    private static final int IMAGE_ONE = 1 << 1, IMAGE_ZERO = 1 << 3 | 1 << 5 | 1 << 15;

    private static final HexFormat HEX = HexFormat.ofDelimiter(" ");
    private static final int SHOWN = 32;

    final Side reference, candidate;

    /** Where runs stop to compare and to set undefined flags right: they are stored soon after. */
    private final TreeSet<Long> stops = new TreeSet<>();

    /** Where runs end for a moment, with no other consequence: as a trial. */
    private final TreeSet<Long> cuts = new TreeSet<>();

    private long tolerated;

    Pair(VmConfig config, Catalog catalog, Boot boot, String reference, String candidate)
            throws VmException {
        var mmu = catalog.strategy(config.mmu());
        var under = catalog.engine(candidate);
        this.reference = new Side(config, catalog, boot, catalog.engine(reference), mmu);
        try {
            this.candidate = new Side(config, catalog, boot, under, mmu);
        } catch (VmException | RuntimeException e) {
            this.reference.close();
            throw e;
        }
    }

    long instructions() {
        return reference.instructions();
    }

    boolean ended() {
        return reference.end() != null || candidate.end() != null;
    }

    long tolerated() {
        return tolerated;
    }

    /**
     * Runs both up to a number of instructions, or to the guest's end; stops where a timer is due
     * after a while, since an interrupt there stores the flags, and goes on only if both are equal.
     *
     * @return whether they are equal in the end, memory left out
     */
    boolean advance(long to) throws VmException {
        boolean equal = true;
        while (equal && !ended() && instructions() < to) {
            long deadline = reference.nextDeadline();
            long next = deadline - instructions() < WORTH_A_STOP ? to : Math.min(to, deadline);
            next = Math.min(next, following(stops, to));
            next = Math.max(instructions() + 1, Math.min(next, following(cuts, to)));
            Future<?> other = candidate.advance(next, false);
            Future<?> tailed = reference.advance(next, true);
            Side.await(other);
            Side.await(tailed);
            equal = next < to && cuts.contains(next) || equal();
        }
        return equal;
    }

    private long following(TreeSet<Long> points, long otherwise) {
        Long point = points.higher(instructions());
        return point == null ? otherwise : point;
    }

    /** Counts, ends and registers; sets undefined flags right. */
    private boolean equal() {
        if (reference.instructions() != candidate.instructions()
                || !Objects.equals(reference.end(), candidate.end())) {
            return false;
        }
        if (StateDiff.equal(reference.state(), candidate.state())) {
            return true;
        }
        int flags = StateDiff.onlyStatusFlags(reference.state(), candidate.state());
        if (flags == 0 || !undefined(flags)) {
            return false;
        }
        candidate.state().rflags = reference.state().rflags;
        tolerated++;
        return true;
    }

    /** Whether the last instructions leave all these flags undefined. */
    private boolean undefined(int flags) {
        int left = flags;
        for (Side.Place place : reference.tail().reversed()) {
            Instruction in = Disassembly.instruction(reference.vcpu(), place.rip());
            left &= ~StatusFlags.undefined(in, place.rcx());
            if (left == 0) {
                return true;
            }
            if ((left & StatusFlags.defined(in, place.rcx())) != 0) {
                return false;
            }
        }
        return false;
    }

    /** After which instructions of a piece of code flags are undefined. */
    TreeSet<Long> undefinedAfter(List<Side.Place> code) {
        TreeSet<Long> points = new TreeSet<>();
        for (Side.Place place : code) {
            Instruction in = Disassembly.instruction(reference.vcpu(), place.rip());
            if (StatusFlags.undefined(in, place.rcx()) != 0) {
                points.add(place.count() + 1);
            }
        }
        return points;
    }

    /** From now on runs end at these points for a moment; at none if the set is empty. */
    void cutAt(TreeSet<Long> points) {
        cuts.clear();
        cuts.addAll(points);
    }

    /** Runs stop at these points to compare, or do not any more. */
    void stopAt(TreeSet<Long> points, boolean on) {
        if (on) {
            stops.addAll(points);
        } else {
            stops.removeAll(points);
        }
    }

    // --- memory

    /** A differing byte. */
    record At(int segment, long offset) {
        At page() {
            return new At(segment, offset & -PAGE);
        }
    }

    /**
     * The first byte of memory that differs, images of flags left out.
     *
     * @return null if none does
     */
    At memoryDifference() {
        return difference(reference, candidate);
    }

    At difference(Side one, Side other) {
        List<MemorySegment> a = one.board().memory().contents();
        List<MemorySegment> b = other.board().memory().contents();
        for (int i = 0; i < a.size(); i++) {
            long at = difference(a.get(i), b.get(i));
            if (at >= 0) {
                return new At(i, at);
            }
        }
        return null;
    }

    boolean differsAt(At page) {
        MemorySegment a = reference.board().memory().contents().get(page.segment);
        MemorySegment b = candidate.board().memory().contents().get(page.segment);
        return difference(a.asSlice(page.offset, PAGE), b.asSlice(page.offset, PAGE)) >= 0;
    }

    private long difference(MemorySegment a, MemorySegment b) {
        for (long from = 0; ; ) {
            long at = MemorySegment.mismatch(a, from, a.byteSize(), b, from, b.byteSize());
            if (at < 0) {
                return -1;
            }
            long word = from + at & -4;
            if (!flagImages(a.get(WORD, word), b.get(WORD, word))) {
                return from + at;
            }
            b.set(WORD, word, a.get(WORD, word));
            tolerated++;
            from = word + 4;
        }
    }

    /** Whether each half that differs looks like FLAGS, and differs in status flags alone. */
    private static boolean flagImages(int a, int b) {
        return flagImage(a & 0xffff, b & 0xffff) && flagImage(a >>> 16, b >>> 16);
    }

    private static boolean flagImage(int a, int b) {
        boolean images = (a & b & IMAGE_ONE) != 0 && ((a | b) & IMAGE_ZERO) == 0;
        return a == b || images && ((a ^ b) & ~StatusFlags.ALL) == 0;
    }

    boolean drivesDiffer() {
        return reference.drives().entrySet().stream()
                .anyMatch(d -> !d.getValue().sameWrites(candidate.drives().get(d.getKey())));
    }

    /** What differs, for people. */
    String describe(At memory) {
        StringBuilder text = new StringBuilder();
        if (reference.instructions() != candidate.instructions() || ended()) {
            text.append(describe(reference)).append(describe(candidate));
        }
        text.append(
                StateDiff.table(
                        reference.engine(), reference.state(),
                        candidate.engine(), candidate.state()));
        if (memory != null) {
            text.append(bytes(memory));
        }
        return text.toString();
    }

    private static String describe(Side side) {
        return "%s: %d instructions%s%n"
                .formatted(
                        side.engine(),
                        side.instructions(),
                        side.end() == null ? "" : ", " + side.end());
    }

    private String bytes(At at) {
        long offset = at.offset & -16;
        return "%s at %#x%n  %-12s %s%n  %-12s %s%n"
                .formatted(
                        at.segment == 0 ? "RAM" : "device memory " + at.segment,
                        offset,
                        reference.engine(),
                        hex(reference, at.segment, offset),
                        candidate.engine(),
                        hex(candidate, at.segment, offset));
    }

    private static String hex(Side side, int segment, long offset) {
        MemorySegment memory = side.board().memory().contents().get(segment);
        byte[] bytes = memory.asSlice(offset, SHOWN / 2).toArray(ValueLayout.JAVA_BYTE);
        return HEX.formatHex(bytes);
    }

    @Override
    public void close() {
        reference.close();
        candidate.close();
    }
}
