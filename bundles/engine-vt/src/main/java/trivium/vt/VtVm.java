package trivium.vt;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongPredicate;
import java.util.function.Predicate;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import trivium.hostos.Kvm;
import trivium.hostos.KvmMsrFilter;
import trivium.hostos.KvmVcpu;
import trivium.hostos.KvmVm;
import trivium.memory.MemoryListener;
import trivium.memory.PhysicalMemory;
import trivium.memory.PhysicalMemory.DirectRange;

/**
 * What the vCPUs of a VM share while they are on this engine: the KVM VM, its memory slots, which
 * follow the guest's memory map, and which pages a software engine holds code of. Locked by itself.
 */
final class VtVm implements MemoryListener {
    private static final int PAGE = PhysicalMemory.PAGE_BYTES;

    /** Below the system ROM; only Intel hosts without unrestricted guests use them. */
    static final int TSS_ADDR = 0xfffb_d000;

    private static final int IDENTITY_MAP_ADDR = 0xfffb_c000;

    /** Unknown and invalid MSRs, and those the filter denies, exit. */
    private static final long MSR_EXIT_ALL = 7;

    private static final int MANUAL_PROTECT = 1, INITIALLY_SET = 2;

    /** Below where CPUs with 39 physical address bits end; private memory lies there or above. */
    private static final long UNUSED = 0x70_0000_0000L;

    /** Of {@link Kvm#CAP_SYNC_REGS}: general and special registers. */
    private static final int SYNCED = 3;

    private static final int FLUSH_SLOT = 508, PRIVATE_SLOTS = 200, MOST_PRIVATE = 256;
    private static final long MIB = 1 << 20, GIB_4 = 1L << 32;

    /** Memory that a vCPU's page tables lie in and nothing else of the VM sees. */
    private record Private(long hva) {}

    private static final class Slot {
        final int id;
        final DirectRange range;

        /** The dirty log, a bit a page, or null for a slot that has none. */
        final MemorySegment log;

        /** What the log said last. */
        private final long[] dirty;

        /** The pages of which a software engine holds code, likewise. */
        private final long[] watched;

        private int watchedPages;

        Slot(int id, DirectRange range, boolean logged) {
            this.id = id;
            this.range = range;
            long words = (range.sizeBytes() / PAGE + 63) / 64;
            log = logged ? Arena.ofAuto().allocate(words * 8, 8) : null;
            dirty = new long[logged ? (int) words : 0];
            watched = new long[dirty.length];
        }

        boolean covers(long gpa) {
            return Long.compareUnsigned(gpa - range.gpa(), range.sizeBytes()) < 0;
        }

        long page(long gpa) {
            return (gpa - range.gpa()) / PAGE;
        }

        /**
         * @return false if it was watched already
         */
        boolean watch(long gpa) {
            int word = (int) (page(gpa) >>> 6);
            long bit = 1L << page(gpa);
            if ((watched[word] & bit) != 0) {
                return false;
            }
            watched[word] |= bit;
            watchedPages++;
            return true;
        }

        boolean watchesAny() {
            return watchedPages != 0;
        }

        LongStream watched() {
            return BitSet.valueOf(watched).stream().mapToLong(page -> gpa(page));
        }

        private long gpa(long page) {
            return range.gpa() + page * PAGE;
        }

        /** Looks at the log, and stops watching the pages in it for which it is told to. */
        void unwatchIf(LongPredicate written) {
            MemorySegment.copy(log, ValueLayout.JAVA_LONG, 0, dirty, 0, dirty.length);
            for (int i = 0; i < dirty.length; i++) {
                for (long word = dirty[i] & watched[i]; word != 0; word &= word - 1) {
                    if (written.test(gpa(i * 64L + Long.numberOfTrailingZeros(word)))) {
                        watched[i] &= ~Long.lowestOneBit(word);
                        watchedPages--;
                    }
                }
            }
        }
    }

    private final PhysicalMemory memory;

    /** Whether registers go in and out with KVM_RUN. */
    private final boolean syncs;

    private final KvmVm vm;
    private final boolean logged;
    private final List<Slot> slots = new ArrayList<>();
    private final Map<Integer, KvmVcpu> vcpus = new HashMap<>();
    private final Set<Integer> used = new HashSet<>();
    private final Set<VtRunner> runners = ConcurrentHashMap.newKeySet();
    private final Map<Integer, Private> privates = new HashMap<>();
    private final List<Shadow> shadows = new ArrayList<>();

    /** What KVM may execute; null if it may execute all. */
    final CodePages code;

    /** Where the private slots begin. */
    private long privateBase = UNUSED;

    private Slot found;

    private volatile boolean stale = true;

    /** A page that is mapped for a moment and not read. */
    private final MemorySegment nothing = Arena.ofAuto().allocate(PAGE, PAGE);

    private final AtomicBoolean flush = new AtomicBoolean();

    /** Set before anybody looks who is inside, cleared after KVM forgot. */
    private volatile boolean restricted;

    /**
     * @param logged whether writes to pages that hold code are noted
     * @throws IOException if KVM refuses
     */
    VtVm(Kvm kvm, PhysicalMemory memory, boolean logged) throws IOException {
        this.memory = memory;
        this.logged = logged;
        code = logged ? new CodePages(this, memory, Measurement.quick().umip()) : null;
        syncs = logged && (kvm.extension(Kvm.CAP_SYNC_REGS) & SYNCED) == SYNCED;
        vm = kvm.createVm();
        try {
            if (kvm.extension(Kvm.CAP_SET_IDENTITY_MAP_ADDR) != 0) {
                vm.setIdentityMapAddr(IDENTITY_MAP_ADDR);
            }
            if (kvm.extension(Kvm.CAP_SET_TSS_ADDR) != 0) {
                vm.setTssAddr(TSS_ADDR);
            }
            vm.enableCap(Kvm.CAP_X86_USER_SPACE_MSR, MSR_EXIT_ALL);
            vm.setMsrFilter(filter());
            if (kvm.extension(Kvm.CAP_EXIT_ON_EMULATION_FAILURE) != 0) {
                vm.enableCap(Kvm.CAP_EXIT_ON_EMULATION_FAILURE, 1);
            }
            if (logged) {
                vm.enableCap(Kvm.CAP_MANUAL_DIRTY_LOG_PROTECT2, MANUAL_PROTECT | INITIALLY_SET);
            }
        } catch (IOException e) {
            vm.close();
            throw e;
        }
        memory.addListener(this);
    }

    /** What is part of the state that KVM keeps; setting the TSC is not. */
    private static KvmMsrFilter filter() {
        return new KvmMsrFilter()
                .allow(0x10, 1, false)
                .allow(0x174, 3, true)
                .allow(0x277, 1, true)
                .allow(0xc000_0080, 5, true)
                .allow(0xc000_0100, 4, true);
    }

    // --- vCPUs

    /** The vCPU of an index; KVM keeps one for the VM's life, so it is used again. */
    synchronized KvmVcpu join(int index, VtRunner runner) throws IOException {
        KvmVcpu vcpu = vcpus.get(index);
        if (vcpu == null) {
            vcpu = vm.createVcpu(index);
            if (syncs) {
                vcpu.syncRegs();
            }
            vcpus.put(index, vcpu);
        }
        used.add(index);
        runners.add(runner);
        return vcpu;
    }

    /**
     * @return whether that was the last one: this is closed then
     */
    synchronized boolean leave(int index, VtRunner runner) {
        used.remove(index);
        runners.remove(runner);
        if (!used.isEmpty()) {
            return false;
        }
        memory.removeListener(this);
        if (code != null) {
            code.clear();
        }
        vcpus.values().forEach(KvmVcpu::close);
        vcpus.clear();
        vm.close();
        return true;
    }

    // --- memory slots

    @Override
    public void mappingChanged() {
        stale = true;
        runners.forEach(VtRunner::kick);
    }

    /** From now on KVM notes writes to the page, before the software engine reads it. */
    @Override
    public synchronized void codeTracked(long gpa) {
        Slot slot = slot(gpa);
        if (slot != null && slot.watch(gpa)) {
            protect(slot, gpa);
        }
        if (code != null && several()) {
            stripWrite(gpa);
        }
    }

    /**
     * Whether what one vCPU writes in KVM may be code that another one has in software; the log
     * tells too late then.
     */
    private boolean several() {
        return used.size() > 1;
    }

    @Override
    public void codeWritten(long gpa, int length) {
        if (code != null && code.watches(gpa)) {
            synchronized (this) {
                code.written(gpa & -PAGE);
            }
        }
    }

    /** Brings KVM up to date; before the guest runs. */
    void prepare() throws IOException {
        if (stale) {
            renewSlots();
        }
        if (restricted) {
            restrict();
        }
        if (flush.getAndSet(false)) {
            flushTranslations();
        }
    }

    /** The guest flushed a TLB in software. */
    void translationsChanged() {
        if (!flush.getPlain()) {
            flush.set(true);
        }
    }

    /** KVM drops all it derived from the guest's page tables when a slot, any slot, goes. */
    private synchronized void flushTranslations() throws IOException {
        long gpa = privateGpa(MOST_PRIVATE);
        vm.setUserMemoryRegion(FLUSH_SLOT, KvmVm.MEM_READONLY, gpa, PAGE, nothing.address());
        vm.setUserMemoryRegion(FLUSH_SLOT, 0, gpa, 0, 0);
    }

    private synchronized void renewSlots() throws IOException {
        stale = false;
        Set<Long> watched = new HashSet<>();
        List<DirectRange> wanted = new ArrayList<>(memory.directRanges());
        for (Slot slot : List.copyOf(slots)) {
            if (!wanted.remove(slot.range)) {
                vm.setUserMemoryRegion(slot.id, 0, slot.range.gpa(), 0, 0);
                slots.remove(slot);
                slot.watched().forEach(watched::add);
            }
        }
        found = null;
        if (code != null) {
            forget();
            makeWay();
        }
        for (DirectRange range : wanted) {
            addSlot(range);
        }
        watched.forEach(this::codeTracked);
    }

    private void addSlot(DirectRange range) throws IOException {
        Slot slot = new Slot(freeId(), range, logged && range.writable());
        int log = slot.log == null ? 0 : KvmVm.MEM_LOG_DIRTY_PAGES;
        int flags = range.writable() ? log : KvmVm.MEM_READONLY;
        vm.setUserMemoryRegion(slot.id, flags, range.gpa(), range.sizeBytes(), range.hva());
        slots.add(slot);
    }

    // --- ring 3 alone: tables that are not the guest's

    synchronized void addPrivate(int index, long hva) throws IOException {
        if (index >= MOST_PRIVATE) {
            throw new IOException("a vCPU %d".formatted(index));
        }
        set(index, Shadow.BYTES, hva);
        privates.put(index, new Private(hva));
    }

    synchronized void removePrivate(int index) {
        try {
            set(index, 0, 0);
        } catch (IOException e) {
            throw new IllegalStateException("memory that goes stays mapped", e);
        }
        privates.remove(index);
    }

    private void set(int index, long sizeBytes, long hva) throws IOException {
        vm.setUserMemoryRegion(PRIVATE_SLOTS + index, 0, privateGpa(index), sizeBytes, hva);
    }

    long privateGpa(int index) {
        return privateBase + index * Shadow.BYTES;
    }

    /** Moves private memory to where the VM has nothing. */
    private void makeWay() throws IOException {
        long end = UNUSED;
        for (DirectRange range : memory.directRanges()) {
            end = Math.max(end, range.gpa() + range.sizeBytes());
        }
        end = end + Shadow.BYTES - 1 & -Shadow.BYTES;
        if (end == privateBase) {
            return;
        }
        for (int index : privates.keySet()) {
            set(index, 0, 0);
        }
        privateBase = end;
        for (Map.Entry<Integer, Private> each : privates.entrySet()) {
            set(each.getKey(), Shadow.BYTES, each.getValue().hva);
        }
    }

    /** Attached anew, a vCPU forgets what memory held; so do all. */
    synchronized void add(Shadow shadow) {
        shadows.add(shadow);
        forget();
    }

    private void forget() {
        shadows.forEach(Shadow::clear);
        code.clear();
    }

    synchronized void remove(Shadow shadow) {
        shadows.remove(shadow);
        shadow.close();
    }

    /** What the vCPUs run in software. */
    Stream<Software> softwares() {
        return runners.stream().map(runner -> runner.software).filter(Objects::nonNull);
    }

    private Slot find(long gpa) {
        if (found == null || !found.covers(gpa)) {
            found = null;
            for (Slot slot : slots) {
                found = slot.covers(gpa) ? slot : found;
            }
        }
        return found;
    }

    /** Whether KVM has memory there. */
    boolean maps(long gpa) {
        return find(gpa) != null;
    }

    boolean writable(long gpa) {
        Slot slot = find(gpa);
        boolean ram = slot != null && slot.log != null;
        return ram && !(several() && memory.writableHost(gpa) == 0);
    }

    /**
     * The host address of a page of RAM, which nobody writes without telling; 0 if it is none (what
     * lies elsewhere may be a device's).
     */
    long codeHost(long gpa) {
        Slot slot = find(gpa);
        boolean ram = slot != null && slot.log != null;
        ram = ram && (slot.covers(0) || slot.covers(MIB) || slot.covers(GIB_4));
        return ram ? slot.range.hva() + (gpa & -PAGE) - slot.range.gpa() : 0;
    }

    /** No vCPU writes the page in KVM from now on. */
    void stripWrite(long gpa) {
        strip(shadow -> shadow.stripWrite(gpa));
    }

    /** No vCPU executes the page in KVM from now on. */
    void stripExecute(long gpa) {
        strip(shadow -> shadow.stripExecute(gpa));
    }

    /**
     * @param page strips one vCPU's page, and tells whether it had an entry to strip
     */
    private void strip(Predicate<Shadow> page) {
        boolean any = false;
        for (Shadow shadow : shadows) {
            any |= page.test(shadow);
        }
        if (any) {
            restricted();
        }
    }

    /** Entries lost rights: whoever is in KVM loses them now, whoever comes there has lost them. */
    void restricted() {
        restricted = true;
        if (runners.stream().anyMatch(VtRunner::inside)) {
            try {
                restrict();
            } catch (IOException e) {
                throw new IllegalStateException("KVM does not forget what it may not know", e);
            }
        }
    }

    /** Nobody enters before that is done. */
    private synchronized void restrict() throws IOException {
        if (restricted) {
            flushTranslations();
            restricted = false;
        }
    }

    private int freeId() {
        int id = 0;
        while (true) {
            int candidate = id;
            if (slots.stream().noneMatch(slot -> slot.id == candidate)) {
                return id;
            }
            id++;
        }
    }

    /** The slot whose log has a page. */
    private Slot slot(long gpa) {
        for (Slot slot : slots) {
            if (slot.log != null && slot.covers(gpa)) {
                return slot;
            }
        }
        return null;
    }

    /** Lets KVM note the next write to a page. */
    private void protect(Slot slot, long gpa) {
        long page = slot.page(gpa);
        try {
            vm.clearDirtyLog(slot.id, page & -64, 1L << (page & 63), slot.range.sizeBytes() / PAGE);
        } catch (IOException e) {
            throw new IllegalStateException("vCPUs of a VM cannot be kept apart", e);
        }
    }

    /** Tells those who hold code of them which pages the guest wrote in KVM. */
    synchronized void harvest() throws IOException {
        for (Slot slot : slots) {
            if (slot.watchesAny()) {
                vm.getDirtyLog(slot.id, slot.log);
                slot.unwatchIf(gpa -> forgotten(slot, gpa));
            }
        }
    }

    /** Tells of a dirty page. @return whether nobody watches it any more */
    private boolean forgotten(Slot slot, long gpa) {
        if (memory.writableHost(gpa) != 0) {
            return true;
        }
        protect(slot, gpa);
        memory.codeChanged(gpa, PAGE);
        return false;
    }
}
