package trivium.bt;

import java.util.ArrayList;
import java.util.List;
import trivium.x86.decode.Instruction;
import trivium.x86.interp.Block;

/** A block in host code, for one mode and one way in which the flags come. */
final class Translation {
    final int number;

    /** Null once it is stale, so that it does not outlive its blocks. */
    Block block;

    /** Of the first instruction and behind the last. */
    final long ip, endIp;

    final Mode mode;

    /** How the flags are computed on entry, or null: they are in memory. */
    final FlagSource entry;

    /** Host address and bytes of the code. Who enters at its start looks for events first. */
    final long host;

    /** Offset of the entry that does not look for events. */
    final int body;

    /** Offset of where its own jumps to its start arrive, if it is a {@link Loop}; else 0. */
    final int loopEntry;

    final int hostBytes;

    final List<Instruction> list;

    /** Instructions: IP of each, and offset of its code; one more for the end. */
    final long[] ips;

    final int[] offsets;

    /** Whether the last instruction leaves by itself, so that there is nothing behind it. */
    final boolean ended;

    /** Whether the last instruction is an indirect jump, call or return. */
    final boolean indirect;

    /** Whether the flags on entry are of no interest. */
    final boolean flagless;

    /**
     * Null in a plain translation. With {@link Groups} or as a {@link Loop}: by instruction, the
     * offset of the jump (its displacement) into the plain translation, or 0. Nobody enters such a
     * translation but at its start, since registers that groups use are not kept, and in a loop
     * they change places.
     */
    final int[] plainJumps;

    /**
     * By instruction: whether code behind it may compute the flags from an operand that it stored.
     * If the interpreter did such an instruction, nobody may go on behind it.
     */
    final boolean[] keeps;

    /** The EXEC entry of the page it begins on (offset from the GS base), and the cookie in it. */
    int execEntry, cookie;

    /** The same for the page it ends on, if that is another; else 0. */
    int secondEntry, secondCookie;

    /** Offset of the stub to which a stale entry leads. */
    final int entryStub;

    final List<Site> sites;

    /** About floating point; null if the block has none. */
    final FpNotes fp;

    /** Jumps of other translations that lead here. */
    final List<Site> incoming = new ArrayList<>();

    /** By instruction: what the interpreter made of it alone; null where it had not to. */
    Block[] ones;

    /** If the block checks itself; else null. */
    Check check;

    /** See {@link Gen#transition}; how often it was left there, and what was made for it. */
    int transition, transitionsLeft, transitionsMade;

    /** The ways that its transition knows: of IRET some, else one. */
    Transitions.Interrupt interrupt;

    List<Transitions.Fast> fast = List.of();

    /** The same of STAC and CLAC. */
    List<Transitions.Fast> accesses = List.of();

    List<Transitions.Return> ways = List.of();

    /** And of a load of a segment register. */
    List<Transitions.Load> loads = List.of();

    /** The entries of {@link InlineTlb} that it has, by instruction; -1: none. Or null. */
    int[] inline;

    /** In order of their offsets. */
    List<WindowAccess> windowAccesses = List.of();

    /** How often it was seen running. */
    int samples;

    boolean valid = true;

    Translation(
            int number,
            Block block,
            List<Instruction> list,
            Mode mode,
            FlagSource entry,
            long host,
            int body,
            int loopEntry,
            int hostBytes,
            long[] ips,
            int[] offsets,
            boolean ended,
            boolean indirect,
            boolean flagless,
            int[] plainJumps,
            boolean[] keeps,
            int entryStub,
            List<Site> sites,
            FpNotes fp) {
        this.number = number;
        this.block = block;
        ip = block.ip;
        endIp = block.endIp;
        this.list = list;
        this.mode = mode;
        this.entry = entry;
        this.host = host;
        this.body = body;
        this.loopEntry = loopEntry;
        this.hostBytes = hostBytes;
        this.ips = ips;
        this.offsets = offsets;
        this.ended = ended;
        this.indirect = indirect;
        this.flagless = flagless;
        this.plainJumps = plainJumps;
        this.keeps = keeps;
        this.entryStub = entryStub;
        this.sites = sites;
        this.fp = fp;
        sites.forEach(s -> s.owner = this);
    }

    /** Whether an instruction begins there. */
    boolean contains(long ip) {
        for (long at : ips) {
            if (at == ip) {
                return true;
            }
        }
        return false;
    }

    /** The access at a host address. */
    WindowAccess windowAccess(long at) {
        int low = 0, high = windowAccesses.size() - 1;
        while (low < high) {
            int middle = low + high >>> 1;
            if (host + windowAccesses.get(middle).at < at) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        WindowAccess access = windowAccesses.get(low);
        if (host + access.at != at) {
            throw new IllegalStateException("a fault in a window, not of a guest's access");
        }
        return access;
    }

    /** What it takes of Java's memory, measured, with its jumps. */
    int tableBytes() {
        return 256 + 16 * ips.length + 160 * sites.size() + 72 * windowAccesses.size();
    }

    int instructions() {
        return offsets.length - 1;
    }
}
