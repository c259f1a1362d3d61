package trivium.x86.interp;

import java.util.ArrayList;
import java.util.List;
import trivium.hostos.HostMemory;
import trivium.x86.decode.CodeBytes;
import trivium.x86.decode.Decoder;
import trivium.x86.decode.Instruction;
import trivium.x86.decode.Row.Attribute;

/** Decodes blocks from guest memory. */
final class BlockBuilder {
    private static final int MAX_INSTRUCTIONS = 64;

    /** A power of two. */
    private static final int ENDS = 64;

    private final Cpu c;
    private final BlockCache cache;
    private final Decoder decoder;
    private final CodeBytes source = this::nextByte;

    // Where nextByte reads.
    private long linear, gpa, host;
    private long lastPage;

    /** The 8086 alone: bytes up to offset FFFF, after which code goes on at offset 0. */
    private long untilWrap;

    private boolean wrapped;

    /**
     * Guest-physical addresses, in a hash table of the latest: the instruction before one of them
     * overwrote its own block, and had better be the last of it the next time.
     */
    private final long[] ends = new long[ENDS];

    BlockBuilder(Cpu c, BlockCache cache) {
        this.c = c;
        this.cache = cache;
        decoder = new Decoder(c.model);
        java.util.Arrays.fill(ends, -1);
    }

    private static int endSlot(long gpa) {
        return (int) (gpa ^ gpa >>> 6) & ENDS - 1;
    }

    /** The instruction before a guest-physical address overwrote the block that both lie in. */
    void endBefore(long gpa) {
        ends[endSlot(gpa)] = gpa;
    }

    /**
     * Builds the block at {@code Cpu.rip}. Faults of fetching its first instruction are thrown;
     * those of later ones end the block before them.
     *
     * @param max instructions at most
     * @param restless whether it ends where memory may have changed
     */
    Block build(long startGpa, int max, boolean restless) {
        long ip = c.rip;
        List<Op> ops = new ArrayList<>();
        cache.watch(startGpa);
        seek(c.codeLinear(ip), startGpa);
        lastPage = startGpa & -4096;
        wrapped = false;
        untilWrap = c.model == trivium.cpu.CpuModel.I8086 ? 0x1_0000 - ip : Long.MAX_VALUE;
        long limit = c.mode64 ? Long.MAX_VALUE : c.s.segments[trivium.cpu.VcpuState.CS].limit;
        int bytes = 0;
        boolean setsIp = false;
        while (ops.size() < Math.min(max, MAX_INSTRUCTIONS)) {
            Op op;
            int length;
            boolean stores;
            try {
                Instruction in = decoder.decode(source, c.codeSize);
                in.ip = ip;
                length = in.length;
                if (c.codeSize != 64 && ip + length - 1 > limit && !wrapped) {
                    throw c.gp(0);
                }
                op = OpBuilder.build(in, c);
                stores = restless && !Patches.leavesMemory(in);
                setsIp =
                        in.row == null || in.row.is(Attribute.ENDS_BLOCK) || OpBuilder.isString(in);
            } catch (GuestException e) {
                if (ops.isEmpty()) {
                    throw e;
                }
                setsIp = false;
                break;
            } catch (Decoder.TooLong e) {
                if (ops.isEmpty()) {
                    throw c.gp(0);
                }
                setsIp = false;
                break;
            }
            ops.add(op);
            bytes += length;
            boolean around = op.next != ip + length;
            ip = op.next;
            // A block that reached a second page ends there, or the end of all offsets.
            if (setsIp
                    || stores
                    || wrapped
                    || around
                    || lastPage != (startGpa & -4096)
                    || (gpa & 0xfff) == 0
                    || ends[endSlot(gpa)] == gpa) {
                break;
            }
        }
        if ((startGpa & 0xfff) + bytes <= 4096) {
            lastPage = startGpa & -4096; // an instruction that was not taken began there
        }
        Op[] array = Fusion.fuse(ops);
        Block block =
                new Block(
                        startGpa,
                        lastPage,
                        c.rip,
                        Block.mode(c.codeSize, max),
                        array,
                        bytes,
                        setsIp);
        block.restless = restless;
        return block;
    }

    /** Whether the last block went around the end of the 8086's segment: not to be cached. */
    boolean wrapped() {
        return wrapped;
    }

    private void seek(long linear, long gpa) {
        this.linear = linear;
        this.gpa = gpa;
        host = c.memory.readableHost(gpa);
    }

    private int nextByte() {
        if ((gpa & 0xfff) == 0 && (gpa & -4096) != lastPage) {
            // The page before ended: the next one is wherever it is mapped.
            long next = c.codeAddress(linear);
            cache.watch(next);
            seek(linear, next);
            lastPage = next & -4096;
        }
        int octet =
                host != 0
                        ? HostMemory.getByte(host + (gpa & 0xfff)) & 0xff
                        : (int) c.memory.read(gpa, 1) & 0xff;
        linear = linear + 1 & c.linearMask;
        gpa++;
        if (--untilWrap == 0) {
            wrapped = true;
            linear = c.base[trivium.cpu.VcpuState.CS];
            seek(linear, c.codeAddress(linear));
        }
        return octet;
    }
}
