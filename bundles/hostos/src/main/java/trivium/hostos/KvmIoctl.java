package trivium.hostos;

/**
 * Numbers of the ioctls of {@code /dev/kvm}, computed as {@code <asm-generic/ioctl.h>} and {@code
 * <linux/kvm.h>} do.
 */
final class KvmIoctl {
    private static final int KVMIO = 0xae;
    private static final int NONE = 0, WRITE = 1, READ = 2;

    // spotless:off
    // the system: /dev/kvm
    static final long KVM_GET_API_VERSION         = _IO(0x00);
    static final long KVM_CREATE_VM               = _IO(0x01);
    static final long KVM_CHECK_EXTENSION         = _IO(0x03);
    static final long KVM_GET_VCPU_MMAP_SIZE      = _IO(0x04);
    static final long KVM_GET_SUPPORTED_CPUID     = _IOWR(0x05, KvmCpuid2.HEADER_BYTES);
    // a VM
    static final long KVM_CREATE_VCPU             = _IO(0x41);
    static final long KVM_GET_DIRTY_LOG           = _IOW(0x42, 16);
    static final long KVM_SET_USER_MEMORY_REGION  = _IOW(0x46, 32);
    static final long KVM_SET_TSS_ADDR            = _IO(0x47);
    static final long KVM_SET_IDENTITY_MAP_ADDR   = _IOW(0x48, 8);
    static final long KVM_ENABLE_CAP              = _IOW(0xa3, 104);
    static final long KVM_CLEAR_DIRTY_LOG         = _IOWR(0xc0, 24);
    static final long KVM_X86_SET_MSR_FILTER      = _IOW(0xc6, KvmMsrFilter.BYTES);
    // a vCPU
    static final long KVM_RUN                     = _IO(0x80);
    static final long KVM_GET_REGS                = _IOR(0x81, KvmRegs.BYTES);
    static final long KVM_SET_REGS                = _IOW(0x82, KvmRegs.BYTES);
    static final long KVM_GET_SREGS               = _IOR(0x83, KvmSregs.BYTES);
    static final long KVM_SET_SREGS               = _IOW(0x84, KvmSregs.BYTES);
    static final long KVM_INTERRUPT               = _IOW(0x86, 4);
    static final long KVM_GET_MSRS                = _IOWR(0x88, KvmMsrs.HEADER_BYTES);
    static final long KVM_SET_MSRS                = _IOW(0x89, KvmMsrs.HEADER_BYTES);
    static final long KVM_SET_CPUID2              = _IOW(0x90, KvmCpuid2.HEADER_BYTES);
    static final long KVM_NMI                     = _IO(0x9a);
    static final long KVM_GET_VCPU_EVENTS         = _IOR(0x9f, KvmVcpuEvents.BYTES);
    static final long KVM_SET_VCPU_EVENTS         = _IOW(0xa0, KvmVcpuEvents.BYTES);
    static final long KVM_GET_DEBUGREGS           = _IOR(0xa1, KvmDebugregs.BYTES);
    static final long KVM_SET_DEBUGREGS           = _IOW(0xa2, KvmDebugregs.BYTES);
    static final long KVM_SET_TSC_KHZ             = _IO(0xa2);
    static final long KVM_GET_XSAVE               = _IOR(0xa4, KvmXsave.BYTES);
    static final long KVM_SET_XSAVE               = _IOW(0xa5, KvmXsave.BYTES);
    // spotless:on

    private KvmIoctl() {}

    private static long ioc(int direction, int number, int size) {
        return (long) direction << 30 | (long) size << 16 | KVMIO << 8 | number;
    }

    private static long _IO(int number) {
        return ioc(NONE, number, 0);
    }

    private static long _IOR(int number, int size) {
        return ioc(READ, number, size);
    }

    private static long _IOW(int number, int size) {
        return ioc(WRITE, number, size);
    }

    private static long _IOWR(int number, int size) {
        return ioc(READ | WRITE, number, size);
    }
}
