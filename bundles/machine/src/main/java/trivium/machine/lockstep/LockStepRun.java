package trivium.machine.lockstep;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import trivium.machine.board.Board;
import trivium.machine.boot.Boot;
import trivium.machine.boot.Firmware;
import trivium.machine.config.ConfigCheck;
import trivium.machine.life.Catalog;
import trivium.machine.life.Disassembly;
import trivium.vm.CodeListing;
import trivium.vm.LockStep;
import trivium.vm.VmConfig;
import trivium.vm.VmException;

/**
 * Runs a pair of machines and, when they part, finds where: they go back to the last checkpoint and
 * try smaller and smaller pieces, until one instruction is left, or one piece that only shows the
 * difference when it runs as a whole, as translated blocks do.
 */
public final class LockStepRun implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LockStepRun.class);

    /** Comparing all memory takes as long as a few million instructions. */
    private static final long CHECKPOINT = 50_000_000;

    /** Instructions shown before the piece that differs. */
    private static final int BEFORE = 16;

    private static final int MOST_LINES = 400;

    private final LockStep.Options options;
    private final Pair pair;
    private final Checkpoint checkpoint = new Checkpoint();
    private final ByteArrayOutputStream said = new ByteArrayOutputStream();
    private long serialFrontier = -1;

    /**
     * @throws VmException if the machines cannot be made
     */
    public LockStepRun(
            VmConfig config, Catalog catalog, Firmware firmware, LockStep.Options options)
            throws VmException {
        if (config.cpus() != 1) {
            throw new VmException("lock-step needs one CPU; %d are set".formatted(config.cpus()));
        }
        this.options = options;
        VmConfig counted = counted(config);
        ConfigCheck.check(counted);
        Boot boot = Boot.prepare(counted, firmware);
        pair = new Pair(counted, catalog, boot, options.reference(), options.engine());
        pair.reference.serial =
                octet -> {
                    if (pair.reference.instructions() > serialFrontier) {
                        said.write(octet);
                    }
                };
    }

    private static VmConfig counted(VmConfig c) {
        return new VmConfig(
                c.name(),
                c.engine(),
                c.mmu(),
                c.cpu(),
                1,
                c.memoryMiB(),
                c.devices(),
                c.boot(),
                "none",
                c.debugExit(),
                java.util.Map.of(),
                Optional.empty(),
                false,
                true,
                c.resetOnTripleFault());
    }

    /**
     * Begins with the present state of a paused VM of the same configuration instead of at
     * power-on.
     */
    public void startFrom(Board paused) throws VmException {
        checkpoint.take(paused);
        replay(0);
    }

    public LockStep.Result run() throws VmException {
        checkpoint.take(pair.reference);
        while (true) {
            long at = pair.instructions();
            boolean goOn = options.goOn().test(at);
            boolean over = pair.ended() || at >= options.instructions() || !goOn;
            if (over || at - checkpoint.instructions() >= CHECKPOINT) {
                Optional<LockStep.Result> different = memory(at);
                if (different.isPresent()) {
                    return different.get();
                }
                if (over && pair.instructions() == at) {
                    return result(at, end(goOn), Optional.empty());
                }
            }
            long to = Math.min(pair.instructions() + options.chunk(), options.instructions());
            Optional<LockStep.Result> different = chunk(to);
            if (different.isPresent()) {
                return different.get();
            }
        }
    }

    private String end(boolean goOn) {
        String guest = pair.reference.end();
        return guest != null ? guest : goOn ? "the number of instructions asked for" : "stopped";
    }

    private LockStep.Result result(long at, String end, Optional<String> difference) {
        return new LockStep.Result(at, pair.tolerated(), end, difference);
    }

    private Optional<LockStep.Result> chunk(long to) throws VmException {
        long from = pair.instructions();
        boolean equal = pair.advance(to);
        pass();
        if (!equal && pair.ended()) {
            equal = endsEqual(from);
        }
        return equal ? Optional.empty() : narrow(from, reached(to), null);
    }

    /**
     * Where the guest ends is known now: so are the last instructions, and what they leave open.
     */
    private boolean endsEqual(long from) throws VmException {
        long end = pair.instructions();
        replay(from);
        return pair.advance(end) && pair.instructions() == end;
    }

    /** How far the further one came; it may be the wrong one. */
    private long reached(long to) {
        long most = Math.max(pair.reference.instructions(), pair.candidate.instructions());
        return Math.max(to, most);
    }

    /** Hands on what the guest said. */
    private void pass() {
        serialFrontier = Math.max(serialFrontier, pair.reference.instructions());
        if (said.size() > 0) {
            options.serial().accept(said.toByteArray());
            said.reset();
        }
    }

    /** Compares memory, and keeps an equal state. */
    private Optional<LockStep.Result> memory(long at) throws VmException {
        Pair.At where = pair.memoryDifference();
        if (where != null) {
            return narrow(checkpoint.instructions(), at, where.page());
        }
        if (pair.drivesDiffer()) {
            return Optional.of(
                    result(at, "difference", Optional.of("The drives' contents differ.")));
        }
        if (!pair.ended()) {
            checkpoint.take(pair.reference);
        }
        return Optional.empty();
    }

    // --- finding the place

    private void replay(long to) throws VmException {
        checkpoint.restore(pair.reference);
        checkpoint.restore(pair.candidate);
        while (pair.instructions() < to && !pair.ended()) {
            pair.advance(Math.min(to, pair.instructions() + options.chunk()));
        }
    }

    /** Whether the two differ after running a piece in one go. */
    private boolean differs(long from, long to, Pair.At page) throws VmException {
        replay(from);
        return !pair.advance(to) || page != null && pair.differsAt(page);
    }

    /**
     * Makes the piece [from, to) smaller as long as it shows the difference.
     *
     * @return empty if it is one that may be: the pair is then at {@code to} or before
     */
    private Optional<LockStep.Result> narrow(long from, long to, Pair.At page) throws VmException {
        LOG.info("parted between instructions {} and {}", from, to);
        replay(from);
        Pair.At before = pair.memoryDifference();
        if (before != null) { // the difference is older than its effect on registers
            return narrow(checkpoint.instructions(), from, before.page());
        }
        checkpoint.take(pair.reference);
        if (!differs(from, to, page)) {
            return Optional.of(
                    result(
                            from,
                            "difference",
                            Optional.of(
                                    "They differed between instructions %d and %d, and did not when they ran again."
                                            .formatted(from, to))));
        }
        long low = from, high = to;
        // By halves first, from checkpoint to checkpoint.
        while (page != null && high - low > options.chunk()) {
            long middle = low + (high - low) / 2;
            if (differs(low, middle, page)) {
                high = middle;
            } else {
                low = middle;
                checkpoint.take(pair.reference);
            }
        }
        // Then the end: of pieces from `low` on, the shortest that differs.
        for (long equal = low; high - equal > 1; ) {
            long middle = equal + (high - equal) / 2;
            if (differs(low, middle, page)) {
                high = middle;
            } else {
                equal = middle;
            }
        }
        // And the beginning: the latest from which it differs.
        for (long tooLate = high; tooLate - low > 1; ) {
            long middle = low + (tooLate - low) / 2;
            if (differs(middle, high, page)) {
                low = middle;
            } else {
                tooLate = middle;
            }
        }
        return judge(low, high, page);
    }

    private Optional<LockStep.Result> judge(long low, long high, Pair.At page) throws VmException {
        List<String> lines = new ArrayList<>();
        List<Side.Place> code = listing(low, high, lines);
        if (flagsAreToBlame(low, high, page, code)) {
            LOG.info("instructions {} to {} leave flags undefined:\n{}", low + 1, high, lines);
            replay(low);
            pair.advance(high);
            return Optional.empty();
        }
        differs(low, high, page);
        Pair.At memory = page == null ? null : pair.memoryDifference();
        String text =
                "%s differs from %s after instruction %d%s.%n%n%s%n%s"
                        .formatted(
                                options.engine(),
                                options.reference(),
                                high,
                                high - low > 1
                                        ? ", if all since %d run in one go".formatted(low + 1)
                                        : "",
                                String.join("", lines),
                                pair.describe(memory));
        return Optional.of(result(low, "difference", Optional.of(text)));
    }

    /**
     * Whether the pieces are equal if flags are made equal wherever they are undefined, and not if
     * they run in the same portions without that. From then on they are made equal there.
     */
    private boolean flagsAreToBlame(long low, long high, Pair.At page, List<Side.Place> code)
            throws VmException {
        TreeSet<Long> points = pair.undefinedAfter(code);
        if (points.isEmpty()) {
            return false;
        }
        pair.cutAt(points);
        boolean whenCut = differs(low, high, page);
        pair.cutAt(new TreeSet<>());
        if (!whenCut) { // a translated block that must not be cut to be seen
            return false;
        }
        pair.stopAt(points, true);
        boolean gone = !differs(low, high, page);
        pair.stopAt(points, gone);
        return gone;
    }

    /** The reference's instructions up to the end of the piece, those of the piece marked. */
    private List<Side.Place> listing(long low, long high, List<String> lines) throws VmException {
        List<Side.Place> code = new ArrayList<>();
        replay(Math.max(checkpoint.instructions(), low - BEFORE));
        Side side = pair.reference;
        while (side.end() == null && side.instructions() < high && lines.size() < MOST_LINES) {
            var s = side.state();
            var place = new Side.Place(side.instructions(), s.rip, s.gpr[1]);
            boolean marked = place.count() >= low;
            lines.add(line(side, place, marked));
            if (marked) {
                code.add(place);
            }
            Side.await(side.advance(place.count() + 1, false));
        }
        return code;
    }

    private static String line(Side side, Side.Place place, boolean marked) {
        CodeListing.Line code = Disassembly.line(side.vcpu(), place.rip());
        return "%s %10d  %04x:%08x  %-24s %s%n"
                .formatted(
                        marked ? ">" : " ",
                        place.count() + 1,
                        side.state().segments[1].selector,
                        code.address(),
                        code.bytes(),
                        code.text());
    }

    @Override
    public void close() {
        pair.close();
        checkpoint.close();
    }
}
