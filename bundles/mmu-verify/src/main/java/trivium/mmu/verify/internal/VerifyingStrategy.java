package trivium.mmu.verify.internal;

import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import trivium.cpu.Host;
import trivium.cpu.Support;
import trivium.cpu.Vcpu;
import trivium.mmu.Mmu;
import trivium.mmu.MmuStrategy;
import trivium.x86.fuzz.WalkingStrategy;

/**
 * Runs the two strategies that the system property {@value #PROPERTY} names, the one to be looked
 * at first, and stops the VM where they differ. They are looked for when a vCPU is attached.
 */
public class VerifyingStrategy implements MmuStrategy {
    static final String PROPERTY = "trivium.mmu.verify", DEFAULT = "softtlb,walking";

    private final Supplier<List<MmuStrategy>> others;

    /**
     * @param others what there is beside this one and the plain walk
     */
    public VerifyingStrategy(Supplier<List<MmuStrategy>> others) {
        this.others = others;
    }

    private static String[] names() {
        return System.getProperty(PROPERTY, DEFAULT).split(",", -1);
    }

    private Optional<MmuStrategy> find(String name) {
        return Stream.concat(others.get().stream(), Stream.of(new WalkingStrategy()))
                .filter(s -> s.name().equals(name) && !name.equals(name()))
                .findFirst();
    }

    @Override
    public String name() {
        return "verify";
    }

    @Override
    public String description() {
        return "runs two strategies and stops where they differ: " + String.join(", ", names());
    }

    @Override
    public Support supportOn(Host host) {
        String[] names = names();
        if (names.length != 2) {
            return new Support.No(PROPERTY + " is not two names with a comma between them");
        }
        for (String name : names) {
            Optional<MmuStrategy> found = find(name);
            if (found.isEmpty()) {
                return new Support.No("there is no MMU strategy '%s' to verify".formatted(name));
            }
            if (found.get().supportOn(host) instanceof Support.No no) {
                return no;
            }
        }
        return Support.YES;
    }

    @Override
    public Mmu attach(Vcpu vcpu) {
        String[] names = names();
        Mmu first = required(names[0]).attach(vcpu);
        return new Verifying(vcpu, names[0], first, names[1], required(names[1]).attach(vcpu));
    }

    private MmuStrategy required(String name) {
        return find(name)
                .orElseThrow(() -> new IllegalStateException("no MMU strategy '" + name + "'"));
    }
}
