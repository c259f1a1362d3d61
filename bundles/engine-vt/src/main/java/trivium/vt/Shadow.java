package trivium.vt;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import trivium.cpu.VcpuState;
import trivium.hostos.HostMemory;
import trivium.hostos.SharedMemory;
import trivium.memory.PhysicalMemory;

/**
 * The page tables with which KVM runs a vCPU's ring 3, made from the guest's ({@link UserRunner}).
 * They have no kernel half, and less rights than the guest's tables give: a page is writable only
 * if it is dirty already, executable only if its code was looked at ({@link CodePages}), never
 * both, and not there before it was accessed. What is missing is filled in when KVM misses it, or
 * is a fault of the guest's. So they have what a TLB might have.
 *
 * <pre>
 *   CR3 of the guest : Root : region of 2 MiB : Leaf = a table of 512 entries of 4 KiB,
 *                                                    and the guest's table as it was
 * </pre>
 *
 * KVM does not have to be told when an entry gets more rights, but when it loses some. Guarded by
 * the {@link VtVm}; tables of one vCPU are changed by others' threads when a page becomes code or
 * ceases to be.
 */
final class Shadow implements AutoCloseable {
    /** Tables that a vCPU may have; where they are used up, it begins anew. */
    static final int TABLES = 1024;

    static final long BYTES = (long) TABLES * PhysicalMemory.PAGE_BYTES;

    private static final int PAGE = PhysicalMemory.PAGE_BYTES, ENTRIES = 512;
    private static final int PAGE_SHIFT = 12, REGION_SHIFT = 21, PDPT_SHIFT = 30, PML4_SHIFT = 39;
    private static final int MOST_ROOTS = 8, UPPER = 3;

    /** Regions that are filled in advance; the others when they are missed. */
    private static final int EAGER = 128;

    /** Where addresses of user code end. */
    private static final long USER_END = 1L << 47;

    /** An instruction's bytes. */
    private static final int LONGEST = 15;

    /** An instruction misses less pages than so many. */
    private static final int MOST_MISSES = 12;

    // Bits of paging-structure entries.
    private static final long P = 1, RW = 1 << 1, US = 1 << 2, A = 1 << 5, D = 1 << 6, PS = 1 << 7;
    private static final long NX = 1L << 63, ADDRESS = 0x000f_ffff_ffff_f000L;
    private static final long USED = P | US | A,
            LARGE_OFFSET = 0x001f_ffffL,
            LARGE_RESERVED = 0x001f_e000L;
    private static final long EFER_NXE = 1 << 11, BEYOND = 0x000f_ff00_0000_0000L;

    private static final class Leaf {
        final long region;

        /** Its table here, and where the copy of the guest's is. */
        final int table;

        /** The guest's entries that lead to it. */
        final long[] upper = new long[UPPER];

        Leaf(long region, int table) {
            this.region = region;
            this.table = table;
        }

        boolean large() {
            return (upper[2] & PS) != 0;
        }
    }

    private static final class Root {
        final long cr3;
        final int table;

        /** Bits of {@link Vetting} that its code must not have. */
        final int not;

        final Map<Long, Leaf> leaves = new HashMap<>();

        Root(long cr3, int table, int not) {
            this.cr3 = cr3;
            this.table = table;
            this.not = not;
        }
    }

    private final VtVm vm;
    private final CodePages code;
    private final VcpuState s;
    private final PhysicalMemory memory;
    private final Software software;
    private final Counters counters;
    private final int index;
    private final SharedMemory tables;
    private final Map<Long, Root> roots = new HashMap<>();
    private Root root;
    private int used;

    /** The guest flushed its TLB since all was compared with its tables. */
    private boolean flushed;

    /** Where KVM missed something last that was the guest's to provide; -1: nowhere. */
    private long faulted = -1;

    private long missRip;
    private int misses;

    private final long[] upper = new long[UPPER];

    Shadow(
            VtVm vm,
            CodePages code,
            VcpuState s,
            PhysicalMemory memory,
            int index,
            Software software,
            Counters counters)
            throws IOException {
        this.vm = vm;
        this.code = code;
        this.s = s;
        this.memory = memory;
        this.index = index;
        this.software = software;
        this.counters = counters;
        tables = SharedMemory.allocate("trivium-vt-shadow", 2 * BYTES);
        try {
            vm.addPrivate(index, tables.hva());
        } catch (IOException e) {
            tables.release();
            throw e;
        }
    }

    // --- what the runner asks for

    /** Software flushed the vCPU's TLB, or a part of it. On the vCPU's thread. */
    void flushed() {
        flushed = true;
    }

    /**
     * Brings the tables of the vCPU's present address space up to date.
     *
     * @param not bits of {@link Vetting} that code must not have
     * @return what CR3 has to be; 0 if what is to be executed is not to be executed in KVM
     */
    long begin(int not) {
        Root before = root;
        root = roots.get(s.cr3 & ADDRESS);
        if (root != null && root.not != not) {
            clear();
        }
        if (root == null) {
            root = create(s.cr3 & ADDRESS, not);
        } else if (flushed || root != before) {
            root.leaves.values().forEach(this::refresh);
        } else if (faulted >= 0) {
            reconsider(faulted);
        }
        flushed = false;
        faulted = -1;
        misses = 0;
        return executable(s.rip) ? gpa(root.table) : 0;
    }

    private void reconsider(long linear) {
        Leaf leaf = root.leaves.get(linear >>> REGION_SHIFT);
        if (leaf != null) {
            refresh(leaf);
        }
    }

    private boolean executable(long rip) {
        if (rip < 0 || rip >= USER_END) {
            return false;
        }
        Leaf leaf = leaf(rip);
        return leaf != null && (executes(get(leaf, rip)) || becomesCode(leaf, rip, rip));
    }

    /**
     * Gives KVM what it missed.
     *
     * @return false if it is not to have it, or missed nothing
     */
    boolean resolve(long rip, long cr2) {
        if (root == null || cr2 < 0 || cr2 >= USER_END || tooOften(rip)) {
            return false;
        }
        Leaf leaf = leaf(cr2);
        if (leaf == null) {
            faulted = cr2;
            return false;
        }
        long old = get(leaf, cr2);
        refresh(leaf);
        boolean more = more(old, put(leaf, cr2)) || decide(leaf, rip, cr2);
        if (more) {
            counters.count(Counters.Of.SHADOW_MISSES);
        } else {
            faulted = cr2;
        }
        return more;
    }

    /** Whether {@link #begin}'s tables are still there. */
    boolean ready() {
        return root != null;
    }

    private boolean tooOften(long rip) {
        misses = rip == missRip ? misses + 1 : 0;
        missRip = rip;
        return misses > MOST_MISSES;
    }

    /** A page that is there: code that is to be executed, or to be written. */
    private boolean decide(Leaf leaf, long rip, long cr2) {
        long now = get(leaf, cr2);
        if ((now & P) == 0) {
            return false;
        }
        if (executes(now)) {
            code.written(now & ADDRESS);
            return (put(leaf, cr2) & RW) != 0;
        }
        boolean fetched =
                cr2 == rip || (cr2 & PAGE - 1) == 0 && cr2 - rip > 0 && cr2 - rip < LONGEST;
        return fetched && becomesCode(leaf, cr2, rip);
    }

    private boolean becomesCode(Leaf leaf, long linear, long rip) {
        long now = get(leaf, linear);
        if ((now & P) == 0 || (rights(leaf, linear) & NX) != 0) {
            return false;
        }
        int entry = linear == rip ? (int) rip & PAGE - 1 : -1;
        boolean good =
                code.vet(now & ADDRESS, entry, root.not, software) && executes(put(leaf, linear));
        counters.count(good ? Counters.Of.CODE_VETTED : Counters.Of.CODE_REFUSED);
        return good;
    }

    /**
     * A byte of what was just executed.
     *
     * @return -1 if it is not to be had
     */
    int codeByte(long linear) {
        Leaf leaf = root == null ? null : root.leaves.get(linear >>> REGION_SHIFT);
        long entry = leaf == null ? 0 : get(leaf, linear);
        if ((entry & P) == 0) {
            return -1;
        }
        return (int) memory.read(entry & ADDRESS | linear & PAGE - 1, 1) & 0xff;
    }

    // --- what becomes of pages

    /** Has no entry to write a page from now on. @return whether there was one */
    boolean stripWrite(long gpa) {
        return flip(gpa, RW, RW);
    }

    /** Has no entry to execute a page from now on. @return whether there was one */
    boolean stripExecute(long gpa) {
        return flip(gpa, NX, 0);
    }

    private boolean flip(long gpa, long bit, long from) {
        boolean any = false;
        for (Root of : roots.values()) {
            for (Leaf leaf : of.leaves.values()) {
                long at = hva(leaf.table);
                for (int i = 0; i < ENTRIES; i++, at += 8) {
                    long e = HostMemory.getLong(at);
                    if ((e & ADDRESS) == gpa && (e & P) != 0 && (e & bit) == from) {
                        HostMemory.putLong(at, e ^ bit);
                        any = true;
                    }
                }
            }
        }
        return any;
    }

    /** Forgets all tables. KVM, if it runs with them, misses everything from now on. */
    void clear() {
        for (Root each : roots.values()) {
            HostMemory.fill(hva(each.table), PAGE, (byte) 0);
        }
        roots.clear();
        root = null;
        if (used != 0) {
            used = 0;
            vm.restricted();
        }
    }

    @Override
    public void close() {
        clear();
        vm.removePrivate(index);
        tables.release();
    }

    // --- tables

    private long gpa(int table) {
        return vm.privateGpa(index) + (long) table * PAGE;
    }

    private long hva(int table) {
        return tables.hva() + (long) table * PAGE;
    }

    private long copyOf(Leaf leaf) {
        return hva(TABLES + leaf.table);
    }

    /** A table of zeros. */
    private int allocate() {
        HostMemory.fill(hva(used), PAGE, (byte) 0);
        return used++;
    }

    private Root create(long cr3, int not) {
        if (roots.size() == MOST_ROOTS || used > TABLES / 2) {
            clear();
        }
        root = new Root(cr3, allocate(), not);
        roots.put(cr3, root);
        fillInAdvance();
        return root;
    }

    private void fillInAdvance() {
        List<Long> regions = new ArrayList<>();
        for (int i = 0; i < ENTRIES / 2; i++) {
            long pml4e = guest(root.cr3, i);
            for (int j = 0; isTable(pml4e) && j < ENTRIES; j++) {
                long pdpte = guest(pml4e & ADDRESS, j);
                for (int k = 0; isTable(pdpte) && (pdpte & PS) == 0 && k < ENTRIES; k++) {
                    if (regions.size() < EAGER && isTable(guest(pdpte & ADDRESS, k))) {
                        regions.add((long) i << 18 | j << 9 | k);
                    }
                }
            }
        }
        regions.forEach(region -> leaf(region << REGION_SHIFT));
    }

    private static boolean isTable(long entry) {
        return (entry & USED) == USED;
    }

    /** The leaf with an address; null if the guest has none, or all had to be forgotten for it. */
    private Leaf leaf(long linear) {
        long region = linear >>> REGION_SHIFT;
        Leaf leaf = root.leaves.get(region);
        if (leaf != null || !walk(linear)) {
            return leaf;
        }
        if (used + UPPER > TABLES) {
            clear();
            return null;
        }
        int pdpt = below(root.table, linear, PML4_SHIFT);
        int directory = below(pdpt, linear, PDPT_SHIFT);
        leaf = new Leaf(region, below(directory, linear, REGION_SHIFT));
        System.arraycopy(upper, 0, leaf.upper, 0, UPPER);
        root.leaves.put(region, leaf);
        fill(leaf);
        return leaf;
    }

    /** The table that an entry leads to, made if there is none. */
    private int below(int table, long linear, int shift) {
        long at = hva(table) + ((linear >>> shift & ENTRIES - 1) << 3);
        long e = HostMemory.getLong(at);
        if ((e & P) == 0) {
            e = gpa(allocate()) | USED | RW | D;
            HostMemory.putLong(at, e);
        }
        return (int) ((e & ADDRESS) - vm.privateGpa(index) >>> PAGE_SHIFT);
    }

    private long entryAt(Leaf leaf, long linear) {
        return hva(leaf.table) + ((linear >>> PAGE_SHIFT & ENTRIES - 1) << 3);
    }

    private long get(Leaf leaf, long linear) {
        return HostMemory.getLong(entryAt(leaf, linear));
    }

    private static boolean executes(long entry) {
        return (entry & (P | NX)) == P;
    }

    private static boolean more(long old, long now) {
        return (now & P) != 0 && ((old & P) == 0 || (now & ~old & RW) != 0 || (old & ~now) < 0);
    }

    /** Whether no instruction that lies in the page and one beside it is not for KVM. */
    private boolean goesWell(long gpa, long linear) {
        long before = entry(linear - PAGE), after = entry(linear + PAGE);
        return !(executes(before) && code.clash(before & ADDRESS, gpa))
                && !(executes(after) && code.clash(gpa, after & ADDRESS));
    }

    private long entry(long linear) {
        Leaf leaf = root.leaves.get(linear >>> REGION_SHIFT);
        return leaf == null ? 0 : get(leaf, linear);
    }

    // --- the guest's tables

    private long guest(long table, long i) {
        long gpa = table + 8 * i, host = memory.readableHost(gpa);
        return host == 0 ? 0 : HostMemory.getLong(host + (gpa & PAGE - 1));
    }

    /** Reads the entries above a region's. @return whether they lead somewhere */
    private boolean walk(long linear) {
        upper[0] = guest(root.cr3, linear >>> PML4_SHIFT & ENTRIES - 1);
        upper[1] = follows(upper[0]) ? below(upper[0], linear, PDPT_SHIFT) : 0;
        upper[2] = follows(upper[1]) ? below(upper[1], linear, REGION_SHIFT) : 0;
        boolean large = (upper[2] & PS) != 0;
        return isTable(upper[2])
                && (upper[2] & reserved()) == 0
                && !(large && (upper[2] & LARGE_RESERVED) != 0);
    }

    private long below(long entry, long linear, int shift) {
        return guest(entry & ADDRESS, linear >>> shift & ENTRIES - 1);
    }

    private boolean follows(long entry) {
        return isTable(entry) && (entry & PS) == 0 && (entry & reserved()) == 0;
    }

    /** CPUID's MAXPHYADDR is 40: see {@link trivium.x86.PageWalker#physicalBits}. */
    private long reserved() {
        return (s.efer & EFER_NXE) != 0 ? BEYOND : BEYOND | NX;
    }

    /** Compares with the guest's tables, and takes over what changed. */
    private void refresh(Leaf leaf) {
        boolean there = walk(leaf.region << REGION_SHIFT);
        if (!there) {
            Arrays.fill(upper, 0);
        }
        if (!Arrays.equals(upper, leaf.upper)) {
            System.arraycopy(upper, 0, leaf.upper, 0, UPPER);
            fill(leaf);
        } else if (there && !leaf.large()) {
            long table = memory.readableHost(upper[2] & ADDRESS), copy = copyOf(leaf);
            for (int i = 0; i < ENTRIES && table != 0; i++) {
                if (HostMemory.getLong(table + 8L * i) != HostMemory.getLong(copy + 8L * i)) {
                    take(leaf, i);
                }
            }
        }
    }

    private void fill(Leaf leaf) {
        for (int i = 0; i < ENTRIES; i++) {
            take(leaf, i);
        }
    }

    /** Copies an entry of the guest's and makes ours of it. */
    private void take(Leaf leaf, int i) {
        if (!leaf.large()) {
            long e = isTable(leaf.upper[2]) ? guest(leaf.upper[2] & ADDRESS, i) : 0;
            HostMemory.putLong(copyOf(leaf) + 8L * i, e);
        }
        put(leaf, leaf.region << REGION_SHIFT | (long) i << PAGE_SHIFT);
    }

    /** What the guest's tables say: a 4-KiB entry with the rights of all levels. */
    private long rights(Leaf leaf, long linear) {
        long e = leaf.upper[2];
        int i = (int) (linear >>> PAGE_SHIFT) & ENTRIES - 1;
        if (leaf.large()) {
            e = e & ~(ADDRESS & LARGE_OFFSET) | (long) i << PAGE_SHIFT;
        } else if (isTable(e)) {
            e = HostMemory.getLong(copyOf(leaf) + 8L * i);
            if ((e & reserved()) != 0) {
                return 0;
            }
        }
        long all = leaf.upper[0] & leaf.upper[1] & leaf.upper[2] & e;
        long noExecute = (leaf.upper[0] | leaf.upper[1] | leaf.upper[2] | e) & NX;
        return isTable(all) ? e & (ADDRESS | D) | USED | all & RW | noExecute : 0;
    }

    /** Makes our entry of what the guest's tables said. */
    private long put(Leaf leaf, long linear) {
        long now = restricted(rights(leaf, linear), linear), at = entryAt(leaf, linear);
        long old = HostMemory.getLong(at);
        if (now != old) {
            HostMemory.putLong(at, now);
            if (less(old, now)) {
                vm.restricted();
            }
        }
        return now;
    }

    private static boolean less(long old, long now) {
        return (old & P) != 0
                && (((old ^ now) & (ADDRESS | P)) != 0
                        || (old & ~now & RW) != 0
                        || (now & ~old & NX) != 0);
    }

    private long restricted(long rights, long linear) {
        long gpa = rights & ADDRESS;
        if (rights == 0 || !vm.maps(gpa)) {
            return 0;
        }
        boolean isCode = code.isCode(gpa);
        boolean write = (rights & RW) != 0 && (rights & D) != 0 && !isCode && vm.writable(gpa);
        boolean execute =
                isCode
                        && (rights & NX) == 0
                        && code.executable(gpa, root.not)
                        && goesWell(gpa, linear);
        return gpa | USED | D | (write ? RW : 0) | (execute ? 0 : NX);
    }
}
