package trivium.x86.fuzz;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.EnumMap;
import java.util.Map;
import java.util.Random;
import trivium.cpu.CpuModel;
import trivium.cpu.ExecutionEngine;
import trivium.cpu.Vcpu;
import trivium.mmu.MmuStrategy;
import trivium.x86.InterpreterEngine;

/**
 * Runs random programs on an engine and on the interpreter and compares how they end: state,
 * memory, device accesses. A program whose outcome the manual leaves open is passed over. Bound to
 * one thread.
 */
public final class Differ implements AutoCloseable {
    /** After so many instructions a program that goes on is looked at as it is. */
    private static final int MOST_INSTRUCTIONS = 20_000;

    private static final long MOST_CPU_NANOS = 20_000_000_000L, LOOK_MILLIS = 500;

    /** What the reference gets: a guest may fault for ever, and retire nothing. */
    private static final long REFERENCE_CPU_NANOS = 3_000_000_000L;

    /** What came of one program. */
    public sealed interface Outcome {}

    /** Equal ends. */
    public record Same() implements Outcome {}

    /** The program proves nothing: its result is undefined. */
    public record Undefined() implements Outcome {}

    /**
     * @param report the smallest program found that still differs, with its first difference
     */
    public record Different(long seed, String report) implements Outcome {}

    private static final Outcome SAME = new Same();
    private static final Outcome UNDEFINED = new Undefined();

    private final ExecutionEngine candidate;
    private final MmuStrategy mmu;
    private final Map<CpuModel, Pair> pairs = new EnumMap<>(CpuModel.class);
    private final Map<CpuModel, Tracker> trackers = new EnumMap<>(CpuModel.class);

    private record Pair(Side expected, Side actual) {
        void close() {
            expected.close();
            actual.close();
        }
    }

    /**
     * @param mmu what the candidate uses; the reference walks page tables each time
     */
    public Differ(ExecutionEngine candidate, MmuStrategy mmu) {
        this.candidate = candidate;
        this.mmu = mmu;
    }

    /** The candidate, too, walks page tables each time. */
    public Differ(ExecutionEngine candidate) {
        this(candidate, new WalkingStrategy());
    }

    /** Makes the program of this seed and runs it on both. */
    public Outcome check(long seed, Generator.Mix mix) {
        Program program = Generator.program(seed, mix);
        Pair pair = pairs.computeIfAbsent(program.board().model(), this::attach);
        String difference = difference(program, pair);
        if (difference == null) {
            return SAME;
        }
        if (difference.isEmpty()) {
            return UNDEFINED;
        }
        return new Different(seed, report(program, difference));
    }

    private Pair attach(CpuModel model) {
        Side expected = new Side(new InterpreterEngine(), model, new WalkingStrategy());
        return new Pair(expected, new Side(candidate, model, mmu));
    }

    /** Null: none. Empty: the program's result is undefined. */
    private String difference(Program program, Pair pair) {
        Program.Image image = program.build();
        pair.expected.load(program, image);
        watched(pair.expected, REFERENCE_CPU_NANOS, () -> pair.expected.run(MOST_INSTRUCTIONS));
        if (pair.expected.kicked()) {
            return "";
        }
        pair.actual.load(program, image);
        boolean free = pair.expected.ended() && (program.seed() & 1) == 0;
        watched(
                pair.actual,
                MOST_CPU_NANOS,
                free ? pair.actual::run : () -> pieces(pair.actual, new Random(program.seed())));
        String difference = pair.actual.difference(pair.expected, 0);
        if (difference == null) {
            return null;
        }
        Tracker tracker = trackers.computeIfAbsent(program.board().model(), Tracker::new);
        int undefined = tracker.run(program, image, pair.expected.retired());
        if (undefined < 0 || tablesSpoiled(program, image, pair.expected)) {
            return "";
        }
        return pair.actual.difference(pair.expected, undefined);
    }

    /**
     * Whether a stray store changed the page tables where {@link Awkward} does not: what a TLB
     * still has of them is not defined.
     */
    private static boolean tablesSpoiled(Program program, Program.Image image, Side side) {
        Board board = program.board();
        if (!board.mode().paging) {
            return false;
        }
        int window = board.entryOf(Layout.WINDOW >>> 12);
        int windowEnd = board.entryOf(Layout.WINDOW_END >>> 12);
        int code = board.entryOf((Layout.CODE >>> 12) + 1);
        int codeEnd = board.spaces() ? code + 4 : code;
        int length = board.lastTable() + 0x800 - Layout.TABLES;
        for (int space = 0; space <= (board.spaces() ? Layout.OTHER_TABLES : 0); ) {
            for (int at = Layout.TABLES; at < Layout.TABLES + length; at++) {
                boolean own = at >= window && at < windowEnd || at >= code && at < codeEnd;
                int gpa = at + space;
                if (!own && side.vcpu.memory.readQuietly(gpa) != (image.ram()[gpa] & 0xff)) {
                    return true;
                }
            }
            space += Layout.OTHER_TABLES;
        }
        return false;
    }

    /** Runs a side, which may hang: then it is kicked. */
    private static void watched(Side side, long cpuNanos, Runnable work) {
        long thread = Thread.currentThread().threadId();
        Thread watch = Thread.ofVirtual().start(() -> kickWhenLong(side, thread, cpuNanos));
        try {
            work.run();
        } finally {
            watch.interrupt();
        }
    }

    private static void kickWhenLong(Side side, long thread, long cpuNanos) {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        long start = threads.getThreadCpuTime(thread);
        try {
            while (threads.getThreadCpuTime(thread) - start < cpuNanos) {
                Thread.sleep(LOOK_MILLIS);
            }
            side.vcpu.raise(Vcpu.KICK);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /** Runs freely, or in counted pieces of any length. */
    private static void pieces(Side side, Random random) {
        int longest = 64 << random.nextInt(10);
        for (int left = MOST_INSTRUCTIONS; left > 0 && !side.ended(); ) {
            int next = Math.min(left, 1 + random.nextInt(longest));
            side.run(next);
            left -= next;
        }
    }

    /** Leaves out all pieces without which the difference stays. */
    private String report(Program program, String first) {
        Pair fresh = attach(program.board().model());
        try {
            String again = difference(program, fresh);
            if (again == null || again.isEmpty()) {
                return Report.of(program, first + " (only after other programs)");
            }
            String last = again;
            for (boolean smaller = true; smaller; ) {
                smaller = false;
                for (Piece piece : program.pieces()) {
                    if (piece.omitted || piece == program.pieces().getLast()) {
                        continue;
                    }
                    piece.omitted = true;
                    String difference = difference(program, fresh);
                    if (difference == null || difference.isEmpty()) {
                        piece.omitted = false;
                    } else {
                        last = difference;
                        smaller = true;
                    }
                }
            }
            return Report.of(program, last);
        } finally {
            fresh.close();
        }
    }

    /** Guest instructions that the reference ran. */
    public long instructions() {
        return pairs.values().stream().mapToLong(p -> p.expected.runner.instructions()).sum();
    }

    /** A counter of the candidate's, over all its runners. */
    public long counter(String name) {
        return pairs.values().stream()
                .mapToLong(p -> p.actual.runner.counters().getOrDefault(name, 0L))
                .sum();
    }

    @Override
    public void close() {
        pairs.values().forEach(Pair::close);
        trackers.values().forEach(Tracker::close);
    }
}
