package trivium.bt;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToIntFunction;
import trivium.cpu.TranslationView.HostCode;
import trivium.cpu.VcpuState;
import trivium.hostos.HostMemory;
import trivium.mmu.Mmu;
import trivium.x86.decode.Instruction;
import trivium.x86.interp.Accelerator.Code;
import trivium.x86.interp.Block;
import trivium.x86.interp.Cpu;

/**
 * What a vCPU has in host code: made, linked, found hot, dropped, and flushed when memory is full.
 */
final class Translations {
    /** How many translations a block may have, by how the flags come. */
    private static final int MAX_VARIANTS = 6;

    private static final int MAX_COOKIES = 1 << 20;
    private static final int MAX_MODES = 1 << 12;

    /**
     * A block sampled so often is hot, and so are those that follow, up to so many jumps further.
     */
    private static final int HOT = 3, HOT_DEPTH = 6;

    /** One that checks itself becomes another when it was sampled so often. */
    private static final int LONG = 64;

    private static final int MOST_REFUSALS = 4;

    /** What tables take, measured: by page, and by instruction and variant of a block. */
    private static final int COOKIE_BYTES = 112 + Area.COOKIE_BYTES,
            CODE_BYTES = 128,
            INSTRUCTION_BYTES = 120,
            ONE_BYTES = 256;

    /** The pages behind a cookie: linear and guest-physical page numbers. */
    private record Page(long linear, long physical, Mode mode) {}

    /** How many entries of {@link Area#COOKIES} there are at first. */
    private static final int FEW_COOKIES = 1024;

    private final Cpu c;
    private final long area;
    private final CodeCache cache;
    private final Budget budget;
    private final InlineTlb inlineTlb;
    private final Translator translator;
    private final int sampling;
    private final Runnable flushed;

    /** Java memory of what is translated, about. */
    private long tableBytes;

    private Translation[] translations = new Translation[1024];
    private int count;
    private final Map<Page, Integer> cookies = new HashMap<>();
    private final ToIntFunction<Mode> modeNumber;
    private MemorySegment cookieTable;
    private final Map<Mode, Mode> modes = new HashMap<>();

    /** The vCPU's present mode. */
    private Mode mode;

    /** By guest-physical address: the versions of blocks that check themselves. */
    private final Map<Long, List<BtCode>> versions = new HashMap<>();

    private boolean windows = true;

    // Statistics.
    private long translated, flushes, links;

    /**
     * @param sampling see {@link BtEngine}
     * @param modeNumber tells what {@link Area#execMode} is while the table holds for a mode
     * @param flushed run after all translations were dropped
     */
    Translations(
            Cpu c,
            CodeCache cache,
            Budget budget,
            InlineTlb inlineTlb,
            int sampling,
            ToIntFunction<Mode> modeNumber,
            Runnable flushed) {
        this.c = c;
        area = c.area;
        this.cache = cache;
        this.budget = budget;
        this.inlineTlb = inlineTlb;
        this.sampling = sampling;
        this.modeNumber = modeNumber;
        this.flushed = flushed;
        cookieTable(HostMemory.zeros(FEW_COOKIES * Area.COOKIE_BYTES));
        translator = new Translator(cache, c.vcpu);
        HostMemory.putInt(area + Area.HEAT, sampling);
    }

    void use(Mode now) {
        mode = now;
    }

    /** The one mode object equal to this. */
    Mode known(Mode equal) {
        return modes.computeIfAbsent(equal, m -> m);
    }

    Translation get(int number) {
        return translations[number];
    }

    boolean isEmpty() {
        return count == 0;
    }

    /** The interpreter's block of one instruction is kept. @param old what was there before */
    void addOne(Block old) {
        tableBytes += old == null ? ONE_BYTES : 0;
    }

    void count(Map<String, Long> map) {
        map.put("blocks-translated", translated);
        map.put("translations-cached", (long) count);
        map.put("cache-bytes", (long) cache.usedBytes());
        map.put("cache-capacity-bytes", cache.sizeBytes());
        map.put("cache-flushes", flushes);
        map.put("table-bytes", memoryBytes() - cache.usedBytes());
        map.put("chain-links", links);
    }

    void close() {
        budget.leave();
        cache.close();
    }

    /** What a block was turned into: translations by mode and by how the flags come. */
    final class BtCode implements Code {
        final Block block;
        final List<Instruction> list;
        final List<Translation> variants = new ArrayList<>(1);

        /** Those without groups, for who comes into the middle of a block. */
        final List<Translation> plains = new ArrayList<>(0);

        /** Whether it is known to run often; all blocks are if none are sampled. */
        boolean hot = sampling == 0;

        /**
         * Instructions whose accesses go from page to page, or to what is not plain memory: no use
         * for {@link InlineTlb} or the window.
         */
        private BitSet roaming;

        /** How often the window could not be opened for one of its accesses. */
        private int refusals;

        BtCode(Block block, List<Instruction> list) {
            this.block = block;
            this.list = list;
        }

        boolean roams(int instruction) {
            return roaming != null && roaming.get(instruction);
        }

        void roam(int instruction) {
            if (roaming == null) {
                roaming = new BitSet();
            }
            roaming.set(instruction);
        }

        Translation find(Mode mode, FlagSource entry) {
            for (int i = 0; i < variants.size(); i++) {
                Translation t = variants.get(i);
                if (t.mode == mode && (entry == null ? t.entry == null : entry.equals(t.entry))) {
                    return t;
                }
            }
            return null;
        }

        @Override
        public void drop() {
            variants.forEach(Translations.this::drop);
            plains.forEach(Translations.this::drop);
            forget();
            if (block.isChecked()) {
                removeVersion(this);
            }
        }

        void forget() {
            variants.clear();
            plains.clear();
        }
    }

    /** A hot block under translation. */
    private final class HotCode implements Gen.Hot {
        private final BtCode code;

        /** By instruction; null: none has any. */
        private int[] entries;

        HotCode(BtCode code) {
            this.code = code;
        }

        @Override
        public boolean windows() {
            return windows && mode.window();
        }

        @Override
        public boolean inWindow(int instruction) {
            return windows() && !code.roams(instruction);
        }

        @Override
        public int entry(int instruction) {
            if (entries == null) {
                entries = new int[code.list.size()];
                Arrays.fill(entries, -1);
            }
            // Of two accesses only one.
            if (code.roams(instruction) || entries[instruction] >= 0) {
                return -1;
            }
            return entries[instruction] = inlineTlb.take(HostMemory.getLong(area + Area.COUNT));
        }
    }

    /** A block that is to be translated, or null if memory no longer has it as it was. */
    Code code(Block block) {
        List<Instruction> list = translator.decode(block);
        if (list == null || block.restless && !translator.check(block, list)) {
            block.restless = false;
            return null;
        }
        tableBytes += CODE_BYTES + (long) INSTRUCTION_BYTES * list.size();
        BtCode code = new BtCode(block, SharedCode.of(list));
        // It is what it will ever be.
        code.hot |= block.isChecked();
        return code;
    }

    Translation variant(BtCode code, FlagSource entry) {
        Translation t = code.find(mode, entry);
        if (t != null) {
            return t;
        }
        t = translate(code, entry, true);
        if (t == null) {
            flushAll();
            code.block.code = code;
            t = translate(code, entry, true);
        }
        if (t != null) {
            code.variants.add(t);
            if (t.check != null) {
                addVersion(code);
            }
        }
        return t;
    }

    private void addVersion(BtCode code) {
        List<BtCode> all = versions.computeIfAbsent(code.block.gpa, _ -> new ArrayList<>());
        all.remove(code);
        all.addFirst(code);
        linkVersions(code);
    }

    private void removeVersion(BtCode code) {
        List<BtCode> all = versions.get(code.block.gpa);
        if (all == null) {
            return;
        }
        all.remove(code);
        if (all.isEmpty()) {
            versions.remove(code.block.gpa);
        }
        linkVersions(code);
    }

    /** Links the versions of one block, by mode and by how the flags come. */
    private void linkVersions(BtCode of) {
        Map<Object, List<Translation>> alike = new HashMap<>();
        for (BtCode code : versions.getOrDefault(of.block.gpa, List.of())) {
            for (Translation t : code.variants) {
                Object key = Arrays.asList(t.ip, t.mode, t.entry);
                alike.computeIfAbsent(key, _ -> new ArrayList<>()).add(t);
            }
        }
        alike.values().forEach(list -> Check.link(cache, list));
    }

    /** A version that lets itself be reached from another with its flags, if that is possible. */
    void addVariant(BtCode code, Translation like) {
        if (code.block.isChecked()
                && like.valid
                && like.ip == code.block.ip
                && like.mode == mode
                && like.block.gpa == code.block.gpa
                && code.variants.size() < MAX_VARIANTS) {
            variant(code, like.entry);
        }
    }

    /** A translation that may be entered at any instruction, or null if there is no room. */
    Translation plain(Translation t) {
        if (t.plainJumps == null) {
            return t;
        }
        BtCode code = (BtCode) t.block.code;
        for (Translation plain : code.plains) {
            if (plain.mode == t.mode) {
                return plain;
            }
        }
        Translation plain = translate(code, null, false);
        if (plain != null) {
            code.plains.add(plain);
        }
        return plain;
    }

    /** The host address at which one may enter at an instruction, or 0 if there is no room. */
    long middle(Translation t, int index) {
        Translation plain = plain(t);
        return plain == null ? 0 : plain.host + plain.offsets[index];
    }

    private Translation translate(BtCode code, FlagSource entry, boolean grouped) {
        if (tablesFull() || isFull()) {
            return null;
        }
        Block block = code.block;
        long linear = mode.linear(block.ip);
        long lastLinear = mode.linear(block.ip + block.bytes - 1);
        boolean two = linear >>> 12 != lastLinear >>> 12;
        int secondEntry = two ? mode.execEntry(lastLinear) : 0;
        int secondCookie = two ? cookie(lastLinear, block.lastPage) : 0;
        long second = two ? (long) secondEntry << 32 | secondCookie : 0;
        boolean plain = !grouped || block.isChecked();
        HotCode hot = code.hot && !plain ? new HotCode(code) : null;
        TranslationEvent event = BtEvents.translating();
        Translation t =
                translator.translate(block, code.list, mode, entry, !plain, hot, count, second);
        if (t == null) {
            return null;
        }
        t.inline = hot == null ? null : hot.entries;
        BtEvents.translated(event, block.ip, block.bytes, t.instructions(), t.host, t.hostBytes);
        PerfMap.name(t.host, t.hostBytes, block.ip);
        t.execEntry = mode.execEntry(linear);
        t.cookie = cookie(linear, block.gpa);
        t.secondEntry = secondEntry;
        t.secondCookie = secondCookie;
        if (count == translations.length) {
            translations = Arrays.copyOf(translations, 2 * count);
        }
        translations[count++] = t;
        tableBytes += t.tableBytes();
        translated++;
        return t;
    }

    /** The translation of the instruction at an IP that fits best, for people to look at. */
    Optional<HostCode> at(long rip) {
        Translation best = null;
        for (int i = 0; i < count; i++) {
            Translation t = translations[i];
            if (t.valid
                    && t.contains(rip)
                    && isPresent(t)
                    && fitness(t, rip) > fitness(best, rip)) {
                best = t;
            }
        }
        return Optional.ofNullable(best).map(cache::view);
    }

    /** Whether it is made of what is there now, in such a segment. */
    private boolean isPresent(Translation t) {
        if (t.mode.codeSize() != c.codeSize || t.mode.codeBase() != c.base[VcpuState.CS]) {
            return false;
        }
        long gpa = c.mmu.probe(t.mode.linear(t.ip));
        return gpa != Mmu.FAULT && gpa >>> 12 == t.block.gpa >>> 12;
    }

    /**
     * Of many the one that begins at {@code rip}, is for the present mode, and finds flags in
     * memory.
     */
    private int fitness(Translation t, long rip) {
        if (t == null) {
            return -1;
        }
        return (t.ip == rip ? 4 : 0) + (t.mode == mode ? 2 : 0) + (t.entry == null ? 1 : 0);
    }

    private int cookie(long linear, long physical) {
        Page page = new Page(linear >>> 12, physical >>> 12, mode);
        Integer known = cookies.get(page);
        if (known != null) {
            return known;
        }
        int cookie = cookies.size() + 1;
        cookies.put(page, cookie);
        long at = (long) cookie * Area.COOKIE_BYTES;
        if (at == cookieTable.byteSize()) {
            MemorySegment more = HostMemory.zeros(2 * at);
            more.copyFrom(cookieTable);
            cookieTable(more);
        }
        HostMemory.putLong(cookieTable.address() + at, page.physical << 12);
        HostMemory.putInt(cookieTable.address() + at + 8, modeNumber.applyAsInt(mode));
        HostMemory.putInt(area + Area.COOKIE_COUNT, cookie + 1);
        return cookie;
    }

    /** Tells host code where it is. */
    private void cookieTable(MemorySegment table) {
        cookieTable = table;
        HostMemory.putLong(area + Area.COOKIES, table.address());
    }

    private boolean tablesFull() {
        return count >= Exit.MAX_TRANSLATIONS
                || cookies.size() >= MAX_COOKIES
                || modes.size() >= MAX_MODES;
    }

    boolean isFull() {
        return memoryBytes() + Budget.MARGIN_BYTES > budget.share();
    }

    /** Of host code and of tables. */
    private long memoryBytes() {
        return cache.usedBytes() + tableBytes + (long) COOKIE_BYTES * cookies.size();
    }

    /** Empties the code cache. */
    void flushAll() {
        BtEvents.flushed(tablesFull() ? "tables full" : "memory full", cache.usedBytes(), count);
        flushes++;
        for (int i = 0; i < count; i++) {
            Translation t = translations[i];
            t.valid = false;
            if (t.block != null && t.block.code instanceof BtCode code) {
                code.forget();
                t.block.forgetCode();
            }
        }
        translations = new Translation[1024];
        count = 0;
        tableBytes = 0;
        cookies.clear();
        versions.clear();
        HostMemory.putInt(area + Area.COOKIE_COUNT, 0);
        modes.clear();
        modes.put(mode, mode);
        inlineTlb.giveAll();
        cache.clear();
        flushed.run();
    }

    /** A translation must not be entered any more: all ways to it are led away. */
    private void drop(Translation t) {
        t.valid = false;
        t.block = null;
        t.ones = null;
        if (t.inline != null) {
            Arrays.stream(t.inline).filter(n -> n >= 0).forEach(inlineTlb::give);
        }
        cache.divert(t.host + t.body, t.host + t.entryStub);
        for (Site site : t.incoming) {
            if (site.linked == t) {
                unlink(site);
            }
        }
        for (Site site : t.sites) {
            if (site.linked != null) {
                site.linked.incoming.remove(site);
            }
        }
    }

    private void unlink(Site site) {
        long host = site.owner.host;
        cache.link(host + site.hot, host + site.hotStub);
        cache.link(host + site.cold, host + site.coldStub);
        if (site.detour != 0) {
            cache.link(host + site.detour, host + site.detourStub);
        }
        site.linked = null;
    }

    /** Leads a jump to the block {@code code} of its target. */
    void link(Site site, BtCode code) {
        if (site.linked != null) {
            return;
        }
        Translation to = site.source == null ? null : code.find(mode, site.source);
        boolean hot = true;
        if (site.source == null) {
            to = variant(code, null);
        } else if (to == null) {
            Translation plain = code.find(mode, null);
            if (plain != null && plain.flagless && !site.poll) {
                to = plain;
            } else if (code.variants.size() < MAX_VARIANTS) {
                to = variant(code, site.source);
            } else {
                to = variant(code, null);
                hot = false;
            }
        }
        if (to == null || !site.owner.valid) {
            return;
        }
        long host = site.owner.host;
        if (hot && to == site.owner && to.loopEntry != 0) {
            cache.link(host + site.detour, host + to.loopEntry);
        } else {
            cache.link(
                    host + (hot ? site.hot : site.cold), site.poll ? to.host : to.host + to.body);
        }
        if (site.execEntry != 0) {
            cache.put(host + site.cookie, to.cookie);
        }
        site.linked = to;
        to.incoming.add(site);
        links++;
    }

    /** A translation was entered when it was time to look. */
    void sample(Translation t) {
        HostMemory.putInt(area + Area.HEAT, sampling);
        if (!t.valid) {
            return;
        }
        t.samples++;
        if (t.check != null) {
            if (t.samples >= LONG) {
                c.calm(t.block);
            }
        } else if (t.samples >= HOT) {
            heat((BtCode) t.block.code, HOT_DEPTH);
        }
    }

    /** Blocks that run often, and those that follow them, are translated anew. */
    private void heat(BtCode code, int depth) {
        if (code.hot || depth == 0) {
            return;
        }
        code.hot = true;
        List<BtCode> next = new ArrayList<>();
        for (Translation t : code.variants) {
            for (Site site : t.sites) {
                if (site.linked != null && site.linked.block.code instanceof BtCode to) {
                    next.add(to);
                }
            }
        }
        retranslate(code);
        next.forEach(to -> heat(to, depth - 1));
    }

    /** An instruction's entry does not pay, nor do those that were filled half as often. */
    void roams(Translation t, int index) {
        BtCode code = (BtCode) t.block.code;
        code.roam(index);
        for (int i = 0; i < t.inline.length; i++) {
            if (t.inline[i] >= 0 && inlineTlb.restless(t.inline[i])) {
                code.roam(i);
            }
        }
        retranslate(code);
    }

    /** The window cannot be opened for an instruction's access. */
    void refused(Translation t, int index) {
        if (t.valid && t.block.code instanceof BtCode code && ++code.refusals > MOST_REFUSALS) {
            code.refusals = 0;
            code.roam(index);
            retranslate(code);
        }
    }

    /** Whether hot code finds memory in the window, where the mode has one. */
    void useWindows(boolean use) {
        if (use == windows) {
            return;
        }
        windows = use;
        for (int i = 0; i < count; i++) {
            Translation t = translations[i];
            if (t.valid && t.mode.window() && t.block.code instanceof BtCode code && code.hot) {
                retranslate(code);
            }
        }
    }

    /** The one whose host code has an address. */
    Translation containing(long host) {
        int low = 0, high = count - 1;
        while (low < high) {
            int middle = low + high + 1 >>> 1;
            if (translations[middle].host <= host) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return translations[low];
    }

    /** Drops a block's translations, so that it gets new ones when it runs. */
    private void retranslate(BtCode code) {
        List<Translation> old = List.copyOf(code.variants);
        code.variants.clear();
        old.forEach(this::drop);
        linkVersions(code);
    }
}
