package trivium.vt;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeMap;
import org.osgi.service.component.annotations.Component;
import trivium.cpu.CpuCheck;
import trivium.hostos.Kvm;
import trivium.vt.TinyGuest.Mode;

/** The CPU check: what the host has, what KVM makes of it, and which engine is best for what. */
@Component
public final class VtCpuCheck implements CpuCheck {
    /** For each of nine parts of the measurement: two seconds in all. */
    private static final long PART_NANOS = 200_000_000;

    @Override
    public Report check() {
        List<Finding> all = new ArrayList<>(new HostCpu().findings());
        Optional<String> obstacle = KvmHost.obstacle();
        all.add(
                new Finding(
                        "kvm",
                        "usable",
                        "KVM usable",
                        obstacle.isEmpty(),
                        "",
                        obstacle.orElse("")));
        if (obstacle.isEmpty()) {
            try {
                capabilities(all);
                measure(all);
            } catch (IOException e) {
                all.add(new Finding("kvm", "failure", "Failure", e.getMessage(), "", ""));
            }
        } else {
            verdict(all, "all", "Guests of 16, 32 and 64 bits", "bt", "there is no usable KVM");
        }
        return new Report(all);
    }

    private static void capabilities(List<Finding> all) throws IOException {
        try (Kvm kvm = Kvm.open()) {
            all.add(new Finding("kvm", "version", "API version", kvm.apiVersion(), "", ""));
            for (var cap : new TreeMap<>(KvmHost.MORE).entrySet()) {
                int value = kvm.extension(cap.getValue());
                String note =
                        value == 0 && cap.getValue() == Kvm.CAP_TSC_CONTROL
                                ? "the guest's time-stamp counter runs at the host's rate"
                                : "";
                all.add(new Finding("kvm", cap.getKey(), cap.getKey(), value, "", note));
            }
        }
    }

    private static void measure(List<Finding> all) throws IOException {
        Measurement m = Measurement.of(PART_NANOS);
        for (Mode mode : Mode.values()) {
            double mips = m.mips().get(mode);
            String note =
                    mips == 0 ? "KVM cannot run it" : m.isNative(mode) ? "native" : "emulated";
            all.add(speed("mips." + key(mode), title(mode), mips, "MIPS", note));
        }
        all.add(speed("exitMicros", "Port access, ring 0", m.exitNanos() / 1e3, "µs", ""));
        all.add(
                speed(
                        "trapMicros",
                        "Trap out of ring 3",
                        m.trapNanos() / 1e3,
                        "µs",
                        m.trapNanos() == 0 ? "the state is lost" : ""));
        all.add(
                new Finding(
                        "speed",
                        "userCpuidIsGuests",
                        "CPUID in ring 3 is the guest's",
                        m.userCpuidIsGuests(),
                        "",
                        m.userCpuidIsGuests() ? "" : "vt leaves programs that ask to software"));
        verdicts(all, m);
    }

    private static void verdicts(List<Finding> all, Measurement m) {
        boolean real = m.isNative(Mode.REAL_16);
        boolean paged = m.isNative(Mode.PAGED_32) && m.isNative(Mode.USER_32);
        verdict(
                all,
                "bits16",
                "16-bit guests",
                real ? "vt" : "bt",
                real ? "" : "KVM emulates real mode here");
        verdict(
                all,
                "bits32",
                "32-bit guests",
                paged ? "vt" : "bt",
                paged ? "" : "KVM emulates 32-bit code here, or cannot run it");
        verdict(
                all,
                "bits64",
                "64-bit guests",
                m.kernelsNative() ? "vt" : "bt",
                m.kernelsNative()
                        ? ""
                        : m.userAlone()
                                ? "KVM emulates ring 0; vt runs ring 3 alone there, which pays for"
                                        + " long computations"
                                : "KVM emulates ring 0");
        verdict(
                all,
                "auto",
                "Engine \"auto\"",
                m.preferred() ? "vt" : "bt",
                m.kernelsNative() && !m.ownTsc()
                        ? "the time-stamp counter cannot be scaled"
                        : m.userAlone() ? "vt while a guest computes in 64-bit ring 3" : "");
    }

    private static void verdict(
            List<Finding> all, String key, String title, String engine, String note) {
        all.add(new Finding("verdict", key, title, engine, "", note));
    }

    private static Finding speed(String key, String title, double value, String unit, String note) {
        return new Finding("speed", key, title, Math.round(value * 100) / 100.0, unit, note);
    }

    private static String key(Mode mode) {
        return mode.name().toLowerCase(Locale.ROOT).replace('_', '.');
    }

    private static String title(Mode mode) {
        return switch (mode) {
            case REAL_16 -> "Real mode";
            case PROTECTED_32 -> "32-bit ring 0, no paging";
            case PAGED_32 -> "32-bit ring 0";
            case USER_32 -> "32-bit ring 3";
            case COMPATIBLE_32 -> "32-bit ring 3 under a 64-bit kernel";
            case LONG_64 -> "64-bit ring 0";
            case USER_64 -> "64-bit ring 3";
        };
    }
}
