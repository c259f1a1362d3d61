package trivium.mmu.verify.internal;

import java.util.ArrayList;
import java.util.List;
import org.osgi.framework.BundleContext;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import trivium.mmu.MmuStrategy;

/** Publishes {@link VerifyingStrategy} over the other strategies of the container. */
@Component(service = MmuStrategy.class)
public final class VerifyingService extends VerifyingStrategy {
    /** Not this one, which may be about to be made. */
    private static final String OTHERS =
            "(!(component.name=" + VerifyingService.class.getName() + "))";

    @Activate
    public VerifyingService(BundleContext context) {
        super(() -> services(context));
    }

    private static List<MmuStrategy> services(BundleContext context) {
        List<MmuStrategy> all = new ArrayList<>();
        try {
            for (ServiceReference<MmuStrategy> reference :
                    context.getServiceReferences(MmuStrategy.class, OTHERS)) {
                MmuStrategy strategy = context.getService(reference);
                if (strategy != null) {
                    all.add(strategy);
                }
            }
        } catch (InvalidSyntaxException e) {
            throw new AssertionError(OTHERS, e);
        }
        return all;
    }
}
