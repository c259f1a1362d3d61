package trivium.mmu.verify.internal;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import trivium.cpu.Vcpu;
import trivium.cpu.VcpuState;
import trivium.mmu.Mmu;
import trivium.x86.PageWalker;

/**
 * Two MMUs that do everything side by side. Where their answers differ, each has to be explained by
 * the guest's tables as they are, or as they were when the page was translated before and has not
 * been flushed since: to be stale is no mistake. Tables that somebody else changes meanwhile are
 * looked at anew. Bound to the vCPU's thread.
 */
final class Verifying implements Mmu {
    private static final Logger LOG = LoggerFactory.getLogger(Verifying.class);
    private static final long PAGE = -4096, SEEN = PAGE | GLOBAL | LARGE;

    /** Bits of a #PF's error code that tell a cause. */
    private static final int CAUSE = 1 | 1 << 3;

    private static final int ERROR_W = 1 << 1;

    /** A strategy's answer. */
    private record Answer(String strategy, long value, int errorCode) {
        boolean fault() {
            return value == FAULT;
        }

        @Override
        public String toString() {
            return fault()
                    ? "%s: #PF(%#x)".formatted(strategy, errorCode)
                    : "%s: %#x, flags %#x".formatted(strategy, value & PAGE, value & ~PAGE);
        }
    }

    private final String firstName, secondName;
    private final Mmu first, second;
    private final int vcpu;
    private final VcpuState s;
    private final PageWalker walker;
    private final History history = new History();
    private int errorCode;

    Verifying(Vcpu vcpu, String firstName, Mmu first, String secondName, Mmu second) {
        this.vcpu = vcpu.index();
        this.firstName = firstName;
        this.first = first;
        this.secondName = secondName;
        this.second = second;
        s = vcpu.state();
        walker = new PageWalker(s, vcpu.memory(), vcpu.model());
    }

    @Override
    public long translate(long linear, int access) {
        if (!walker.paging()) {
            return unpaged(linear, access);
        }
        long page = linear & PAGE;
        long before = walker.look(page);
        Answer one = answer(firstName, first, linear, access);
        long between = walker.look(page);
        Answer other = answer(secondName, second, linear, access);
        long after = walker.look(page);
        if (same(before, between) && same(before, after)) {
            check(page, access, before, one, other);
            dirty(page, access, between, after, one, other);
        }
        for (long mapping : new long[] {before, between}) {
            if (mapping >= 0 && !history.add(page, mapping)) {
                flushAll();
            }
        }
        errorCode = other.errorCode;
        return other.value;
    }

    private static Answer answer(String name, Mmu mmu, long linear, int access) {
        long value = mmu.translate(linear, access);
        return new Answer(name, value, value == FAULT ? mmu.faultErrorCode() : 0);
    }

    /** Whether a page's tables say the same but for the dirty bit, which the answers may set. */
    private static boolean same(long before, long after) {
        return before < 0 || after < 0
                ? before == after
                : ((before ^ after) & ~PageWalker.DIRTY) == 0;
    }

    private long unpaged(long linear, int access) {
        Answer one = answer(firstName, first, linear, access);
        Answer other = answer(secondName, second, linear, access);
        if (one.fault() || other.fault() || ((one.value ^ other.value) & SEEN) != 0) {
            differ("without paging", linear, access, "linear", one, other);
        }
        return other.value;
    }

    private void check(long page, int access, long tables, Answer one, Answer other) {
        if (!explained(one, page, access, tables) || !explained(other, page, access, tables)) {
            differ("answers", page, access, tables(tables), one, other);
        }
    }

    /** What the second one marks, the first one should have. ROM is marked by neither. */
    private void dirty(long page, int access, long between, long after, Answer one, Answer other) {
        boolean both = (access & WRITE) != 0 && !one.fault() && !other.fault();
        if (both
                && between != after
                && !history.any(page, past -> (past & PageWalker.DIRTY) != 0)) {
            String what = "the dirty bit is not set by " + firstName;
            differ(what, page, access, tables(between), one, other);
        }
    }

    /** Whether an answer is that of the tables as they are or were. */
    private boolean explained(Answer answer, long page, int access, long now) {
        return fits(answer, access, now) || history.any(page, past -> fits(answer, access, past));
    }

    private boolean fits(Answer answer, int access, long mapping) {
        boolean permitted = mapping >= 0 && walker.permits(mapping, access);
        if (answer.fault() || !permitted) {
            return answer.fault() == !permitted
                    && (answer.errorCode & CAUSE) == cause(mapping)
                    && (answer.errorCode & ERROR_W) == (access & WRITE) << 1
                    && (answer.errorCode & USER) == (access & USER);
        }
        boolean mayWrite = walker.permits(mapping, access & ~EXECUTE | WRITE);
        return ((answer.value ^ mapping) & SEEN) == 0
                && ((answer.value & MAY_WRITE) == 0 || mayWrite);
    }

    private static int cause(long mapping) {
        return mapping == PageWalker.NOT_PRESENT ? 0 : mapping == PageWalker.RESERVED ? CAUSE : 1;
    }

    private static String tables(long mapping) {
        return mapping == PageWalker.NOT_PRESENT
                ? "not present"
                : mapping == PageWalker.RESERVED
                        ? "reserved bits"
                        : "%#x, bits %#x".formatted(mapping & PAGE, mapping & ~PAGE);
    }

    private void differ(
            String what, long linear, int access, String tables, Answer one, Answer other) {
        String message =
                ("vCPU %d: MMU strategies differ: %s, linear %#x, access %d, rip %#x, cr0 %#x,"
                                + " cr3 %#x, cr4 %#x, efer %#x; the tables: %s; %s; %s")
                        .formatted(
                                vcpu, what, linear, access, s.rip, s.cr0, s.cr3, s.cr4, s.efer,
                                tables, one, other);
        LOG.error(message);
        throw new IllegalStateException(message);
    }

    @Override
    public int faultErrorCode() {
        return errorCode;
    }

    @Override
    public long probe(long linear) {
        long one = first.probe(linear), other = second.probe(linear);
        if (one != other) {
            var a = new Answer(firstName, one, 0);
            differ("probes", linear, 0, "", a, new Answer(secondName, other, 0));
        }
        return other;
    }

    @Override
    public void flushAll() {
        first.flushAll();
        second.flushAll();
        history.flushAll();
    }

    @Override
    public void flushNonGlobal() {
        first.flushNonGlobal();
        second.flushNonGlobal();
        history.flushNonGlobal();
    }

    @Override
    public void flushPage(long linear) {
        first.flushPage(linear);
        second.flushPage(linear);
        history.flushPage(linear);
    }

    @Override
    public void close() {
        first.close();
        second.close();
    }
}
