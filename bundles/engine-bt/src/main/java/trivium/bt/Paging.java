package trivium.bt;

import static trivium.x86.interp.Flags.CR0_PG;
import static trivium.x86.interp.Flags.CR4_PAE;
import static trivium.x86.interp.Flags.CR4_PGE;
import static trivium.x86.interp.Flags.CR4_PSE;
import static trivium.x86.interp.Flags.CR4_SMAP;
import static trivium.x86.interp.Flags.EFER_LMA;

import java.util.Optional;
import trivium.cpu.VcpuState;
import trivium.hostos.HostMemory;
import trivium.memory.SharedPages;
import trivium.mmu.SharedMappings;
import trivium.x86.PageWalker;
import trivium.x86.interp.Cpu;

/** Tells host code how the guest's page tables are walked: see {@link PageWalks}. */
final class Paging {
    private final Cpu c;
    private final VcpuState s;
    private final PageWalker walker;

    /** Whether the strategy and the memory allow it. */
    private final boolean possible;

    /** Whether host code knows how the tables are walked now. */
    private boolean told;

    Paging(Cpu c) {
        this.c = c;
        s = c.s;
        walker = new PageWalker(s, c.memory, c.model);
        Optional<SharedMappings> mappings = c.mmu.shared();
        Optional<SharedPages> pages = c.memory.shared();
        possible = mappings.isPresent() && pages.isPresent();
        if (possible) {
            HostMemory.putLong(c.area + Area.MAPPINGS, mappings.get().hva());
            HostMemory.putLong(c.area + Area.READABLE_PAGES, pages.get().readable());
            HostMemory.putLong(c.area + Area.WRITABLE_PAGES, pages.get().writable());
        }
    }

    /** Something of it may have changed: until {@link #tell}, Java walks. */
    void changed() {
        HostMemory.putInt(c.area + Area.PAGING, PageWalks.NONE);
        told = false;
    }

    /** Host code is about to run. */
    void tell() {
        if (told) {
            return;
        }
        told = true;
        int paging = kind();
        HostMemory.putInt(c.area + Area.PAGING, paging);
        if (paging == PageWalks.NONE) {
            return;
        }
        long address = paging == PageWalks.LONG ? PageWalks.WIDE_ADDRESS : PageWalks.NARROW_ADDRESS;
        HostMemory.putLong(c.area + Area.CR3, s.cr3 & address);
        HostMemory.putLong(c.area + Area.RESERVED, walker.reserved());
        HostMemory.putInt(c.area + Area.SMAP, (s.cr4 & CR4_SMAP) != 0 ? 1 : 0);
        HostMemory.putInt(c.area + Area.GLOBAL_PAGES, (s.cr4 & CR4_PGE) != 0 ? PageWalks.G : 0);
        boolean large = paging != PageWalks.NARROW || (s.cr4 & CR4_PSE) != 0;
        HostMemory.putInt(c.area + Area.LARGE_PAGES, large ? 1 : 0);
        for (int i = 0; i < 4; i++) {
            HostMemory.putLong(c.area + Area.PDPTES + 8 * i, s.pdpte[i]);
        }
    }

    private int kind() {
        if (!possible
                || (s.cr0 & CR0_PG) == 0
                || c.everyAccessChecked()
                || c.memory.a20Mask() != -1) {
            return PageWalks.NONE;
        }
        return (s.efer & EFER_LMA) != 0
                ? PageWalks.LONG
                : (s.cr4 & CR4_PAE) != 0 ? PageWalks.PAE : PageWalks.NARROW;
    }
}
