package trivium.hostos;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;

/** {@code /dev/kvm}, opened: KVM api.rst "System ioctls". */
public final class Kvm implements AutoCloseable {
    public static final String DEVICE = "/dev/kvm";
    public static final int API_VERSION = 12;

    // spotless:off
    /** Extensions, by the numbers of {@code <linux/kvm.h>}. */
    public static final int
            CAP_USER_MEMORY = 3, CAP_SET_TSS_ADDR = 4, CAP_NR_MEMSLOTS = 10,
            CAP_SET_IDENTITY_MAP_ADDR = 37, CAP_VCPU_EVENTS = 41, CAP_DEBUGREGS = 50,
            CAP_XSAVE = 55, CAP_TSC_CONTROL = 60, CAP_MAX_VCPUS = 66, CAP_SYNC_REGS = 74, CAP_READONLY_MEM = 81,
            CAP_IMMEDIATE_EXIT = 136, CAP_MANUAL_DIRTY_LOG_PROTECT2 = 168,
            CAP_X86_USER_SPACE_MSR = 188, CAP_X86_MSR_FILTER = 189,
            CAP_EXIT_ON_EMULATION_FAILURE = 204;
    // spotless:on

    private static final int O_RDWR = 2, O_CLOEXEC = 0x8_0000, E2BIG = 7;
    private static final int MOST_LEAVES = 512;
    private static final MethodHandle IOCTL = LibC.IOCTL.orElse(null);

    private final int fd;

    private Kvm(int fd) {
        this.fd = fd;
    }

    /**
     * @throws KvmException if there is no such device or this user may not open it
     * @throws IOException if this is no Linux
     */
    public static Kvm open() throws IOException {
        if (!LibC.linux() || !System.getProperty("os.arch").equals("amd64") || IOCTL == null) {
            throw new IOException("KVM is a part of Linux; x86 guests need it on x86-64");
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = LibC.newState(arena);
            MemorySegment path = arena.allocateFrom(DEVICE);
            int fd = (int) LibC.handle(LibC.OPEN).invokeExact(state, path, O_RDWR | O_CLOEXEC);
            if (fd < 0) {
                throw new KvmException(DEVICE, LibC.errno(state));
            }
            return new Kvm(fd);
        } catch (IOException e) {
            throw e;
        } catch (Throwable t) {
            throw new AssertionError("open", t); // a linkage mistake of ours
        }
    }

    /**
     * @param state for errno, or the caller's own that it looks at
     * @return what the system call returns
     */
    static int ioctlRaw(int fd, long request, long argument, MemorySegment state) {
        try {
            return (int) IOCTL.invokeExact(state, fd, request, argument);
        } catch (Throwable t) {
            throw new AssertionError("ioctl", t); // a linkage mistake of ours
        }
    }

    static int ioctl(String what, int fd, long request, long argument) throws KvmException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = LibC.newState(arena);
            return checked(what, ioctlRaw(fd, request, argument, state), state);
        }
    }

    static int checked(String what, int result, MemorySegment state) throws KvmException {
        if (result < 0) {
            throw new KvmException(what, LibC.errno(state));
        }
        return result;
    }

    static void closeFd(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = LibC.newState(arena);
            int _ = (int) LibC.handle(LibC.CLOSE).invokeExact(state, fd);
        } catch (Throwable t) {
            throw new AssertionError("close", t); // a linkage mistake of ours
        }
    }

    public int apiVersion() throws KvmException {
        return ioctl("KVM_GET_API_VERSION", fd, KvmIoctl.KVM_GET_API_VERSION, 0);
    }

    /**
     * @return 0 if the kernel has no such extension; else 1 or what the extension tells
     */
    public int extension(int cap) throws KvmException {
        return ioctl("KVM_CHECK_EXTENSION", fd, KvmIoctl.KVM_CHECK_EXTENSION, cap);
    }

    public KvmVm createVm() throws IOException {
        KickSignal.require();
        int mmapBytes = ioctl("KVM_GET_VCPU_MMAP_SIZE", fd, KvmIoctl.KVM_GET_VCPU_MMAP_SIZE, 0);
        return new KvmVm(ioctl("KVM_CREATE_VM", fd, KvmIoctl.KVM_CREATE_VM, 0), mmapBytes);
    }

    /** What CPUID can be like in a guest on this host. */
    public List<KvmCpuid2.Leaf> supportedCpuid() throws KvmException {
        for (int entries = 128; ; entries *= 2) {
            KvmCpuid2 table = new KvmCpuid2(entries);
            try {
                ioctl("KVM_GET_SUPPORTED_CPUID", fd, KvmIoctl.KVM_GET_SUPPORTED_CPUID, table.hva());
            } catch (KvmException e) {
                if (e.errno() != E2BIG || entries >= MOST_LEAVES) {
                    throw e;
                }
                continue;
            }
            List<KvmCpuid2.Leaf> leaves = new ArrayList<>();
            for (int i = 0; i < table.count(); i++) {
                leaves.add(table.get(i));
            }
            return leaves;
        }
    }

    @Override
    public void close() {
        closeFd(fd);
    }
}
