package trivium.hostos;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A VM of KVM: KVM api.rst "VM ioctls". Its memory slots map host memory that the caller keeps
 * mapped as long as this is open. Close it after its vCPUs.
 */
public final class KvmVm implements AutoCloseable {
    /** Flags of a memory slot. */
    public static final int MEM_LOG_DIRTY_PAGES = 1, MEM_READONLY = 2;

    private final int fd, vcpuMmapBytes;

    KvmVm(int fd, int vcpuMmapBytes) {
        this.fd = fd;
        this.vcpuMmapBytes = vcpuMmapBytes;
    }

    public KvmVcpu createVcpu(int id) throws IOException {
        int vcpu = Kvm.ioctl("KVM_CREATE_VCPU", fd, KvmIoctl.KVM_CREATE_VCPU, id);
        try {
            return new KvmVcpu(vcpu, vcpuMmapBytes);
        } catch (IOException e) {
            Kvm.closeFd(vcpu);
            throw e;
        }
    }

    /** Three pages below 4 GiB that Intel hosts without unrestricted guests need for themselves. */
    public void setTssAddr(int gpa) throws KvmException {
        Kvm.ioctl("KVM_SET_TSS_ADDR", fd, KvmIoctl.KVM_SET_TSS_ADDR, gpa & 0xffff_ffffL);
    }

    /** One more such page; before the first vCPU. */
    public void setIdentityMapAddr(int gpa) throws KvmException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = arena.allocate(8, 8);
            address.set(JAVA_LONG, 0, gpa & 0xffff_ffffL);
            Kvm.ioctl(
                    "KVM_SET_IDENTITY_MAP_ADDR",
                    fd,
                    KvmIoctl.KVM_SET_IDENTITY_MAP_ADDR,
                    address.address());
        }
    }

    public void enableCap(int cap, long argument) throws KvmException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment it = arena.allocate(104, 8);
            it.set(JAVA_INT, 0, cap);
            it.set(JAVA_LONG, 8, argument);
            Kvm.ioctl(
                    "KVM_ENABLE_CAP of %d".formatted(cap),
                    fd,
                    KvmIoctl.KVM_ENABLE_CAP,
                    it.address());
        }
    }

    public void setMsrFilter(KvmMsrFilter filter) throws KvmException {
        Kvm.ioctl("KVM_X86_SET_MSR_FILTER", fd, KvmIoctl.KVM_X86_SET_MSR_FILTER, filter.hva());
    }

    /**
     * Makes, changes or, with size 0, removes a slot.
     *
     * @param flags MEM_ bits
     */
    public void setUserMemoryRegion(int slot, int flags, long gpa, long sizeBytes, long hva)
            throws KvmException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment region = arena.allocate(32, 8);
            region.set(JAVA_INT, 0, slot);
            region.set(JAVA_INT, 4, flags);
            region.set(JAVA_LONG, 8, gpa);
            region.set(JAVA_LONG, 16, sizeBytes);
            region.set(JAVA_LONG, 24, hva);
            Kvm.ioctl(
                    "KVM_SET_USER_MEMORY_REGION of %#x+%#x".formatted(gpa, sizeBytes),
                    fd,
                    KvmIoctl.KVM_SET_USER_MEMORY_REGION,
                    region.address());
        }
    }

    /**
     * Which pages of a slot were written: one bit a page, 64 a quadword.
     *
     * @param bitmap as many quadwords as the slot needs
     */
    public void getDirtyLog(int slot, MemorySegment bitmap) throws KvmException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment log = arena.allocate(16, 8);
            log.set(JAVA_INT, 0, slot);
            log.set(JAVA_LONG, 8, bitmap.address());
            Kvm.ioctl("KVM_GET_DIRTY_LOG", fd, KvmIoctl.KVM_GET_DIRTY_LOG, log.address());
        }
    }

    /**
     * Forgets that pages were written and notes the next writes to them.
     *
     * @param firstPage of the slot; a multiple of 64
     * @param pages which of the 64 from there on
     * @param slotPages how many the slot has
     */
    public void clearDirtyLog(int slot, long firstPage, long pages, long slotPages)
            throws KvmException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment log = arena.allocate(32, 8);
            log.set(JAVA_INT, 0, slot);
            log.set(JAVA_INT, 4, (int) Math.min(64, slotPages - firstPage));
            log.set(JAVA_LONG, 8, firstPage);
            log.set(JAVA_LONG, 16, log.address() + 24);
            log.set(JAVA_LONG, 24, pages);
            Kvm.ioctl("KVM_CLEAR_DIRTY_LOG", fd, KvmIoctl.KVM_CLEAR_DIRTY_LOG, log.address());
        }
    }

    @Override
    public void close() {
        Kvm.closeFd(fd);
    }
}
