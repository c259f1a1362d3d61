package trivium.mmu.nested.internal;

import static trivium.mmu.nested.internal.CombinedMappings.SECOND_DIRTY;

import trivium.cpu.Vcpu;
import trivium.mmu.Mmu;
import trivium.x86.PageWalker;

/**
 * One vCPU's way through both levels: the guest's tables, themselves read through the second level,
 * then the page they lead to. Hit path:
 *
 * <pre>
 *   the second level is of the generation known, and tag[slot] == page | generation
 *   and the mapping permits the access, and both levels are dirty if it is a write
 * </pre>
 *
 * Nothing is shared with translated code: it would mark the guest's tables and write pages behind
 * the second level's back.
 */
final class Nested implements Mmu {
    private static final long PAGE = -4096;

    private final SecondLevel second;
    private final PageWalker walker;
    private final CombinedMappings combined = new CombinedMappings();
    private final Runnable released;
    private int generation;
    private boolean closed;

    Nested(Vcpu vcpu, SecondLevel second, Runnable released) {
        this.second = second;
        this.released = released;
        var memory = new NestedMemory(second, vcpu.memory());
        walker = new PageWalker(vcpu.state(), memory, vcpu.model());
        generation = second.generation();
    }

    @Override
    public long translate(long linear, int access) {
        boolean write = (access & WRITE) != 0;
        if (!walker.paging()) {
            long gpa = linear & 0xffff_f000L;
            return second.touch(gpa, write) || write ? gpa | MAY_WRITE : gpa;
        }
        int now = second.generation();
        if (now != generation) {
            generation = now;
            combined.flushAll();
        }
        long page = linear & PAGE;
        long m = combined.find(page);
        long dirty = PageWalker.DIRTY | SECOND_DIRTY;
        if (m >= 0 && (!write || (m & dirty) == dirty) && walker.permits(m, access)) {
            return answer(m, access);
        }
        return miss(page, access);
    }

    private long miss(long page, int access) {
        long m = walker.walk(page, access);
        if (m == FAULT) {
            combined.flushPage(page);
            return FAULT;
        }
        if (second.touch(m & PAGE, (access & WRITE) != 0)) {
            m |= SECOND_DIRTY;
        }
        combined.put(page, m);
        return answer(m, access);
    }

    private long answer(long m, int access) {
        long answer = walker.answer(m & ~SECOND_DIRTY, access);
        return (m & SECOND_DIRTY) != 0 || (access & WRITE) != 0 ? answer : answer & ~MAY_WRITE;
    }

    @Override
    public int faultErrorCode() {
        return walker.errorCode();
    }

    @Override
    public long probe(long linear) {
        return walker.probe(linear);
    }

    @Override
    public void flushAll() {
        combined.flushAll();
    }

    @Override
    public void flushNonGlobal() {
        combined.flushLocal();
    }

    @Override
    public void flushPage(long linear) {
        combined.flushPage(linear);
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            released.run();
        }
    }
}
