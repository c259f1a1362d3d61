package trivium.x86;

import static trivium.x86.interp.Flags.AC;
import static trivium.x86.interp.Flags.CR0_PG;
import static trivium.x86.interp.Flags.CR0_WP;
import static trivium.x86.interp.Flags.CR4_PAE;
import static trivium.x86.interp.Flags.CR4_PGE;
import static trivium.x86.interp.Flags.CR4_PSE;
import static trivium.x86.interp.Flags.CR4_SMAP;
import static trivium.x86.interp.Flags.CR4_SMEP;
import static trivium.x86.interp.Flags.EFER_LMA;
import static trivium.x86.interp.Flags.EFER_NXE;

import trivium.cpu.CpuModel;
import trivium.cpu.VcpuState;
import trivium.hostos.HostMemory;
import trivium.memory.PhysicalMemory;
import trivium.mmu.Mmu;
import trivium.mmu.SharedMappings;

/**
 * The one walker of guest page tables (SDM Vol. 3A, chapter "Paging"): 32-bit paging with PSE and
 * PSE-36, PAE with its PDPTEs from the state, 4-level paging with 4-KiB and 2-MiB pages. Caches
 * nothing. Bound to the vCPU's thread.
 *
 * <p>A walk's result, a <em>mapping</em>, is the guest-physical address of a 4-KiB page with the
 * bits below; it says what the tables allow, {@link #permits} what an access may do with it. Not
 * modelled: protection keys, PCIDs, 1-GiB pages (their bit is reserved, CPUID does not announce
 * them).
 */
public final class PageWalker {
    /** Bits of a mapping. GLOBAL is {@link Mmu#GLOBAL}, LARGE {@link Mmu#LARGE}. */
    public static final int GLOBAL = Mmu.GLOBAL,
            LARGE = Mmu.LARGE,
            USER = SharedMappings.USER,
            WRITABLE = SharedMappings.WRITABLE,
            NO_EXECUTE = SharedMappings.NO_EXECUTE,
            DIRTY = SharedMappings.DIRTY;

    // Bits of paging-structure entries.
    private static final long P = 1, RW = 1 << 1, US = 1 << 2, A = 1 << 5, D = 1 << 6, PS = 1 << 7;
    private static final long G = 1 << 8, NX = 1L << 63;
    // Bits of the error code (SDM Vol. 3A "Page-Fault Exceptions").
    private static final int ERROR_P = 1,
            ERROR_W = 1 << 1,
            ERROR_U = 1 << 2,
            ERROR_RSVD = 1 << 3,
            ERROR_I = 1 << 4;
    private static final long PAGE = -4096, ADDRESS = 0x000f_ffff_ffff_f000L;
    private static final int MOST_LEVELS = 4;

    private final VcpuState s;
    private final PhysicalMemory memory;

    /** Bits of 32-bit, PAE and 4-level entries that must be zero: beyond the physical address. */
    private final long beyondPae, beyondLong;

    private final int physicalBits;
    private final boolean pse36;

    // The entries of the walk under way.
    private final long[] at = new long[MOST_LEVELS];
    private final long[] entry = new long[MOST_LEVELS];
    private int levels;
    private boolean raced;

    private int errorCode;

    /**
     * The bits that must be zero in PAE or, in long mode, 4-level entries of 4-KiB pages and of the
     * tables above, as CR4 and EFER are now.
     */
    public long reserved() {
        long beyond = (s.efer & EFER_LMA) != 0 ? beyondLong : beyondPae;
        return (s.efer & EFER_NXE) != 0 ? beyond : beyond | NX;
    }

    public PageWalker(VcpuState state, PhysicalMemory memory, CpuModel model) {
        s = state;
        this.memory = memory;
        physicalBits = physicalBits(model);
        long beyond = ADDRESS & -(1L << physicalBits);
        beyondLong = beyond;
        beyondPae = beyond | 0x7ff0_0000_0000_0000L;
        pse36 = model.atLeast(CpuModel.PENTIUM3);
    }

    /** Width of guest-physical addresses: CPUID's MAXPHYADDR. */
    public static int physicalBits(CpuModel model) {
        return switch (model) {
            case I8086 -> 20;
            case I80286 -> 24;
            case I386 -> 32;
            case PENTIUM3 -> 36;
            case X86_64 -> 40;
        };
    }

    public boolean paging() {
        return (s.cr0 & CR0_PG) != 0;
    }

    /**
     * Walks the tables for an access with paging on, setting accessed and dirty bits.
     *
     * @param access bits of {@link Mmu}
     * @return the mapping, which permits the access; or {@link Mmu#FAULT}, with {@link #errorCode}
     */
    public long walk(long linear, int access) {
        do {
            raced = false;
            long mapping = descend(linear, true);
            if (raced) {
                continue;
            }
            if (mapping < 0) {
                return fault(access, mapping == RESERVED ? ERROR_P | ERROR_RSVD : 0);
            }
            if (!permits(mapping, access)) {
                return fault(access, ERROR_P);
            }
            boolean write = (access & Mmu.WRITE) != 0;
            mark(levels - 1, write ? A | D : A);
            if (!raced) {
                return mapping | (write ? DIRTY : 0);
            }
        } while (true);
    }

    /** The page's guest-physical address without side effects, or {@link Mmu#FAULT}. */
    public long probe(long linear) {
        if (!paging()) {
            return (s.efer & EFER_LMA) != 0 ? linear : linear & 0xffff_ffffL;
        }
        long mapping = descend(linear, false);
        return mapping < 0 ? Mmu.FAULT : mapping & PAGE | linear & 0xfff;
    }

    /** {@link #look}'s answers where there is no mapping. */
    public static final long NOT_PRESENT = -1, RESERVED = -2;

    /** The mapping as the tables have it now, whatever it permits, without side effects. */
    public long look(long linear) {
        return descend(linear, false);
    }

    /** The #PF error code of the last walk that faulted. */
    public int errorCode() {
        return errorCode;
    }

    /**
     * Whether the access is allowed now (SDM Vol. 3A "Determination of Access Rights"), by CR0.WP,
     * CR4.SMEP, CR4.SMAP and RFLAGS.AC.
     */
    public boolean permits(long mapping, int access) {
        boolean userPage = (mapping & USER) != 0;
        if ((access & Mmu.USER) != 0) {
            return userPage
                    && ((access & Mmu.WRITE) == 0 || (mapping & WRITABLE) != 0)
                    && ((access & Mmu.EXECUTE) == 0 || (mapping & NO_EXECUTE) == 0);
        }
        if ((access & Mmu.EXECUTE) != 0) {
            return (mapping & NO_EXECUTE) == 0 && !(userPage && (s.cr4 & CR4_SMEP) != 0);
        }
        if (userPage && (s.cr4 & CR4_SMAP) != 0) {
            if ((access & Mmu.IMPLICIT) != 0 || (s.rflags & AC) == 0) {
                return false;
            }
        }
        return (access & Mmu.WRITE) == 0 || (mapping & WRITABLE) != 0 || (s.cr0 & CR0_WP) == 0;
    }

    /** Answer of {@link Mmu#translate} for a mapping found by {@link #walk} with this access. */
    public long answer(long mapping, int access) {
        long answer = mapping & (PAGE | GLOBAL | LARGE);
        if ((mapping & DIRTY) != 0 && permits(mapping, access & ~Mmu.EXECUTE | Mmu.WRITE)) {
            answer |= Mmu.MAY_WRITE;
        }
        return answer;
    }

    // ---- the walk

    private long descend(long linear, boolean markAccessed) {
        levels = 0;
        if ((s.efer & EFER_LMA) != 0) {
            long table = s.cr3 & ADDRESS;
            return wide(linear, table, 39, markAccessed);
        }
        if ((s.cr4 & CR4_PAE) != 0) {
            long pdpte = s.pdpte[(int) (linear >>> 30) & 3];
            return (pdpte & P) == 0 ? NOT_PRESENT : wide(linear, pdpte & ADDRESS, 21, markAccessed);
        }
        return narrow(linear, markAccessed);
    }

    /** PAE and 4-level paging, from the table that {@code shift} bits select an entry of. */
    private long wide(long linear, long table, int shift, boolean markAccessed) {
        long reserved = reserved();
        long noExecute = 0;
        long all = US | RW;
        while (true) {
            long gpa = table + ((linear >>> shift & 0x1ff) << 3);
            long e = read64(gpa);
            if ((e & P) == 0) {
                return NOT_PRESENT;
            }
            boolean large = shift == 21 && (e & PS) != 0;
            if ((e & reserved) != 0
                    || shift > 21 && (e & PS) != 0
                    || large && (e & 0x001f_e000L) != 0) {
                return RESERVED;
            }
            push(gpa, e);
            all &= e;
            noExecute |= e & NX;
            if (shift == 12 || large) {
                return leaf(e, e & ADDRESS & -(1L << shift), linear, shift, all, noExecute != 0);
            }
            if (markAccessed && mark(levels - 1, A)) {
                return NOT_PRESENT;
            }
            table = e & ADDRESS;
            shift -= 9;
        }
    }

    /** 32-bit paging. */
    private long narrow(long linear, boolean markAccessed) {
        long gpa = (s.cr3 & 0xffff_f000L) + (linear >>> 20 & 0xffc);
        long pde = read32(gpa);
        if ((pde & P) == 0) {
            return NOT_PRESENT;
        }
        if ((pde & PS) != 0 && (s.cr4 & CR4_PSE) != 0) {
            // PSE-36: bits 20-13 are bits 39-32 of the address.
            long high = pse36 ? (pde & 0x001f_e000L) << 19 : 0;
            long reserved = pse36 ? pde & 1L << 21 : pde & 0x003f_e000L;
            if (reserved != 0 || high >>> physicalBits != 0) {
                return RESERVED;
            }
            push(gpa, pde);
            return leaf(pde, pde & 0xffc0_0000L | high, linear, 22, pde, false);
        }
        push(gpa, pde);
        if (markAccessed && mark(levels - 1, A)) {
            return NOT_PRESENT;
        }
        gpa = (pde & 0xffff_f000L) + (linear >>> 10 & 0xffc);
        long pte = read32(gpa);
        if ((pte & P) == 0) {
            return NOT_PRESENT;
        }
        push(gpa, pte);
        return leaf(pte, pte & 0xffff_f000L, linear, 12, pde & pte, false);
    }

    private long leaf(long e, long base, long linear, int shift, long all, boolean noExecute) {
        long mapping = base | linear & (1L << shift) - 1 & PAGE;
        if ((all & US) != 0) {
            mapping |= USER;
        }
        if ((all & RW) != 0) {
            mapping |= WRITABLE;
        }
        if (noExecute) {
            mapping |= NO_EXECUTE;
        }
        if ((e & D) != 0) {
            mapping |= DIRTY;
        }
        if ((e & G) != 0 && (s.cr4 & CR4_PGE) != 0) {
            mapping |= GLOBAL;
        }
        if (shift > 12) {
            mapping |= LARGE;
        }
        return mapping;
    }

    private long fault(int access, int cause) {
        errorCode = cause;
        if ((access & Mmu.WRITE) != 0) {
            errorCode |= ERROR_W;
        }
        if ((access & Mmu.USER) != 0) {
            errorCode |= ERROR_U;
        }
        boolean noExecute = (s.cr4 & CR4_PAE) != 0 && (s.efer & EFER_NXE) != 0;
        if ((access & Mmu.EXECUTE) != 0 && (noExecute || (s.cr4 & CR4_SMEP) != 0)) {
            errorCode |= ERROR_I;
        }
        return Mmu.FAULT;
    }

    // ---- entries in memory

    private void push(long gpa, long e) {
        at[levels] = gpa;
        entry[levels++] = e;
    }

    private long read64(long gpa) {
        long host = memory.readableHost(gpa);
        return host != 0 ? HostMemory.getLong(host + (gpa & 0xfff)) : memory.read(gpa, 8);
    }

    private long read32(long gpa) {
        long host = memory.readableHost(gpa);
        return host != 0
                ? HostMemory.getInt(host + (gpa & 0xfff)) & 0xffff_ffffL
                : memory.read(gpa, 4);
    }

    /**
     * Sets bits in an entry of this walk if it still is what was read.
     *
     * @return whether it was not: the walk must begin again
     */
    private boolean mark(int level, long bits) {
        long old = entry[level];
        if ((old & bits) == bits) {
            return false;
        }
        long gpa = at[level];
        long host = memory.writableHost(gpa);
        boolean wide = (s.cr4 & CR4_PAE) != 0;
        if (host == 0) {
            memory.write(gpa, wide ? 8 : 4, old | bits);
        } else if (wide) {
            raced = !HostMemory.compareAndSetLong(host + (gpa & 0xfff), old, old | bits);
        } else {
            raced =
                    !HostMemory.compareAndSetInt(
                            host + (gpa & 0xfff), (int) old, (int) (old | bits));
        }
        entry[level] = old | bits;
        return raced;
    }
}
