package trivium.x86.conformance;

import static trivium.x86.conformance.Layout.A;
import static trivium.x86.conformance.Layout.ALL;
import static trivium.x86.conformance.Layout.D;
import static trivium.x86.conformance.Layout.G;
import static trivium.x86.conformance.Layout.P;
import static trivium.x86.conformance.Layout.PS;
import static trivium.x86.conformance.Layout.RW;
import static trivium.x86.conformance.Layout.US;

import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import trivium.mmu.Mmu;
import trivium.x86.fuzz.WalkingStrategy;

/**
 * Tables that change: what has to be seen at once, and what after which flush (SDM Vol. 3A "Caching
 * Translation Information"). In between, the old translation is as good as the new one.
 */
final class Changes {
    private static final int USER_READ = Mmu.READ | Mmu.USER, USER_WRITE = Mmu.WRITE | Mmu.USER;

    private Changes() {}

    static void cases(Map<String, Consumer<Board>> to) {
        to.put("pages appear at once", Changes::appear);
        to.put("more rights are seen after a fault", Changes::grow);
        to.put("INVLPG", Changes::invlpg);
        to.put("INVLPG anywhere in a large page", Changes::invlpgLarge);
        to.put("INVLPG drops what is known of tables", Changes::invlpgTables);
        to.put("CR3 writes, and global pages", Changes::cr3);
        to.put("a page becomes large and small again", Changes::sizes);
        to.put("more pages than a cache holds", Changes::many);
        to.put("thousands of flushes", Changes::flushes);
        to.put("paging goes off and on", Changes::offAndOn);
        to.put("PDPTEs are registers", Changes::pdptes);
        to.put("random changes, as the plain walk", Changes::random);
    }

    private static void appear(Board b) {
        for (int level = b.layout.leaf(); level >= 0; level--) {
            b.map(0, b.frame(1), ALL);
            long at = b.at(0, level), entry = b.get(at);
            b.set(at, 0);
            b.mmu.flushAll();
            b.same("absent", b.page(0), Mmu.FAULT);
            b.set(at, entry);
            b.same("present, level " + level, b.page(0), b.frame(1));
        }
    }

    private static void grow(Board b) {
        b.map(0, b.frame(1), P | US);
        b.page(0);
        b.faults("a write", 0, USER_WRITE, 7);
        b.map(0, b.frame(1), ALL);
        // One spurious fault may come, which drops what was cached.
        b.translate(0, USER_WRITE);
        b.same("a second try", b.translate(0, USER_WRITE) & Board.PAGE, b.frame(1));
    }

    private static void invlpg(Board b) {
        for (long linear : b.layout.places()) {
            for (long global : new long[] {0, G}) {
                b.map(linear, b.frame(1), ALL | global);
                b.mmu.flushPage(linear);
                b.same("first", b.page(linear), b.piece(b.frame(1), linear));
                b.map(linear, b.frame(2), ALL | global);
                long now = b.page(linear);
                long old = b.piece(b.frame(1), linear), next = b.piece(b.frame(2), linear);
                b.either("unflushed", now, old, next);
                b.mmu.flushPage(linear | 0x7ff);
                b.same("flushed", b.page(linear), next);
                b.set(b.leafAt(linear), 0);
                b.mmu.flushPage(linear);
                b.same("taken away", b.page(linear), Mmu.FAULT);
            }
        }
    }

    private static void invlpgLarge(Board b) {
        long size = b.layout.pageBytes();
        long base = 2 * size;
        for (int n = 1; n < 40; n++) {
            b.map(base, b.frame(n), ALL | (n & 1) * G);
            b.mmu.flushPage(base + size * n / 40);
            for (long at = base; at < base + size; at += Math.max(4096, size / 8)) {
                b.same("a piece", b.page(at), b.piece(b.frame(n), at));
            }
        }
    }

    private static void invlpgTables(Board b) {
        long size = b.layout.pageBytes();
        for (int level = 0; level < b.layout.leaf(); level++) {
            b.newRoot();
            b.mmu.flushAll();
            b.map(0, b.frame(1), ALL);
            b.map(size, b.frame(2), ALL);
            b.page(0);
            // Another table, in which both pages are elsewhere.
            long at = b.at(0, level), before = b.get(at);
            b.set(at, 0);
            b.map(0, b.frame(3), ALL);
            b.map(size, b.frame(4), ALL);
            b.holds("another table", b.get(at) != before);
            b.mmu.flushPage(size);
            b.same("the page flushed", b.page(size), b.frame(4));
            b.either("another one", b.page(0), b.frame(1), b.frame(3));
            b.mmu.flushPage(0);
            b.same("that one, flushed", b.page(0), b.frame(3));
        }
    }

    private static void cr3(Board b) {
        long size = b.layout.pageBytes();
        b.map(0, b.frame(1), ALL);
        b.map(size, b.frame(2), ALL | G);
        b.page(0);
        b.page(size);
        b.newRoot();
        b.map(0, b.frame(3), ALL);
        b.map(size, b.frame(4), ALL | G);
        b.mmu.flushNonGlobal();
        b.same("a page", b.page(0), b.frame(3));
        b.either("a global page", b.page(size), b.frame(2), b.frame(4));
        b.mmu.flushAll();
        b.same("a global page, all flushed", b.page(size), b.frame(4));
        b.s.cr4 &= ~Board.PGE;
        b.mmu.flushAll();
        b.page(size);
        b.map(size, b.frame(5), ALL | G);
        b.mmu.flushNonGlobal();
        b.same("G without CR4.PGE", b.page(size), b.frame(5));
    }

    private static void sizes(Board b) {
        if (b.layout != Layout.PAE_4K && b.layout != Layout.LONG_4K) {
            return;
        }
        b.map(0x5000, 0x7000, ALL);
        long at = b.at(0x5000, b.layout.leaf() - 1), table = b.get(at);
        for (int round = 0; round < 3; round++) {
            b.same("small", b.page(0x5000), 0x7000);
            b.set(at, 0x60_0000 | ALL | PS);
            b.mmu.flushPage(0x5000);
            b.same("large", b.page(0x5000), 0x60_5000);
            b.same("large", b.page(0x1f_f000), 0x7f_f000);
            b.set(at, table);
            b.mmu.flushPage(0x10_0000);
            b.same("small again", b.page(0x5000), 0x7000);
            b.same("not mapped", b.page(0x1f_f000), Mmu.FAULT);
        }
    }

    private static void many(Board b) {
        long size = b.layout.pageBytes();
        int pages = b.layout.large() ? 500 : 20_000;
        for (int i = 0; i < pages; i++) {
            b.map(i * size, b.frame(i ^ 0x5a), ALL);
        }
        for (int stride : new int[] {1, 7, 4096 + 1}) {
            for (int i = 0, n = 0; i < pages; i++, n = (n + stride) % pages) {
                b.same("page " + n, b.page(n * size), b.frame(n ^ 0x5a));
            }
        }
    }

    private static void flushes(Board b) {
        for (int i = 0; i < 9000; i++) {
            b.map(0, b.frame(i & 0xff), P | US | (i & 1) * G);
            if (i % 3 == 0) {
                b.mmu.flushNonGlobal();
            }
            b.mmu.flushAll();
            b.same("page", b.page(0), b.frame(i & 0xff));
        }
    }

    private static void offAndOn(Board b) {
        b.map(0x40_0000, b.frame(7), ALL);
        b.same("on", b.page(0x40_0000), b.frame(7));
        long cr0 = b.s.cr0, efer = b.s.efer;
        b.s.cr0 = 1;
        b.s.efer = 0;
        b.mmu.flushAll();
        b.same("off", b.page(0x40_0000), 0x40_0000);
        b.map(0x40_0000, b.frame(8), ALL);
        b.s.cr0 = cr0;
        b.s.efer = efer;
        b.mmu.flushAll();
        b.same("on again", b.page(0x40_0000), b.frame(8));
    }

    private static void pdptes(Board b) {
        if (!b.layout.pae()) {
            return;
        }
        b.map(0x4000_0000L, b.frame(1), ALL);
        b.same("mapped", b.page(0x4000_0000L), b.frame(1));
        b.same("its neighbours are not", b.page(0), Mmu.FAULT);
        b.s.pdpte[2] = b.s.pdpte[1];
        b.s.pdpte[1] = 0;
        b.mmu.flushNonGlobal();
        b.same("no more", b.page(0x4000_0000L), Mmu.FAULT);
        b.same("elsewhere", b.page(0x8000_0000L), b.frame(1));
    }

    /** Each change is flushed, so there is one right answer: that of a walk. */
    private static void random(Board b) {
        Random random = new Random(b.layout.ordinal());
        try (Board walk = new Board(new WalkingStrategy(), b.layout, true)) {
            long size = b.layout.pageBytes();
            for (int i = 0; i < 20_000; i++) {
                long linear = random.nextInt(64) * size;
                if (random.nextInt(4) == 0) {
                    long frame = b.frame(random.nextInt(256));
                    long bits = random.nextInt(8) | random.nextInt(2) * G | random.nextInt(4) << 5;
                    b.map(linear, frame, bits);
                    walk.map(linear, frame, bits);
                    flush(b, random.nextInt(8), linear);
                }
                if (random.nextInt(64) == 0) {
                    b.s.cr0 = walk.s.cr0 ^= Board.WP;
                    b.mmu.flushAll();
                }
                compare(b, walk, linear, random.nextInt(3) | random.nextInt(2) * Mmu.USER);
            }
            for (int n = 0; n < 64; n++) {
                long expected = walk.get(walk.leafAt(n * size));
                b.same("entry " + n, b.get(b.leafAt(n * size)), expected);
            }
        }
    }

    private static void flush(Board b, int how, long linear) {
        if (how == 0) {
            b.mmu.flushAll();
        } else {
            b.mmu.flushPage(linear);
        }
    }

    private static void compare(Board b, Board walk, long linear, int access) {
        long answer = b.translate(linear, access), walked = walk.translate(linear, access);
        String what = "%#x, access %d".formatted(linear, access);
        if (walked == Mmu.FAULT) {
            b.faults(what, linear, access, walk.mmu.faultErrorCode());
        } else {
            long flags = Board.PAGE | Mmu.GLOBAL | Mmu.LARGE;
            b.same(what, answer & flags, walked & flags);
            long mask = A | D | RW;
            long expected = walk.get(walk.leafAt(linear)) & mask;
            b.same(what + ": bits", b.get(b.leafAt(linear)) & mask, expected);
        }
    }
}
