package trivium.x86.interp;

import trivium.x86.decode.Instruction;

/**
 * An op with a memory operand. Its offset is {@code ea(c)}, already truncated to the address size;
 * its segment {@code seg}. Fast path of an access, in {@link Cpu}:
 *
 * <pre>
 *   if offset + size - 1 &lt;= limit[seg]                   // all ones for flat, -1 for "look closer"
 *     linear = base[seg] + offset
 *     if tlb.tag[page(linear)] == page(linear + size - 1)  // right page, and not across two
 *       host memory at linear + tlb.addend[page(linear)]
 * </pre>
 */
public abstract class MemOp extends Op {
    protected final int seg;
    private final int base, index, scale;
    private final long displacement, mask;

    protected MemOp(Instruction in) {
        super(in);
        seg = in.segment;
        base = in.base;
        index = in.index;
        scale = in.scale;
        displacement = in.ripRelative ? in.displacement + next : in.displacement;
        mask = in.addressSize == 2 ? 0xffffL : in.addressSize == 4 ? 0xffff_ffffL : -1L;
    }

    protected final long ea(Cpu c) {
        return c.r[base] + (c.r[index] << scale) + displacement & mask;
    }

    /** The address one operand further (far pointers, BOUND), with the same truncation. */
    protected final long ea(Cpu c, long more) {
        return c.r[base] + (c.r[index] << scale) + displacement + more & mask;
    }
}
