package trivium.console;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.karaf.bundle.core.BundleService;
import org.apache.karaf.features.Dependency;
import org.apache.karaf.features.Feature;
import org.apache.karaf.features.FeaturesService;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.wiring.FrameworkWiring;

/** Which bundles Karaf's commands take away, be it for a moment. */
final class Taken {
    private final BundleContext context;
    private final BundleService bundles;
    private final FeaturesService features;

    Taken(BundleContext context, BundleService bundles, FeaturesService features) {
        this.context = context;
        this.bundles = bundles;
        this.features = features;
    }

    Map<String, AskFirst.Selection> byCommand() {
        return Map.of(
                "bundle:uninstall", words -> ids(named(words)),
                "bundle:stop", words -> ids(named(words)),
                "bundle:restart", words -> ids(named(words)),
                "bundle:update", words -> ids(updated(words)),
                "bundle:refresh", words -> ids(dependent(named(words))),
                "feature:uninstall", this::ofFeatures,
                "feature:stop", this::ofFeatures);
    }

    /** The second word would be a location. */
    private Collection<Bundle> updated(List<String> words) {
        List<Bundle> one = named(words.stream().filter(Taken::isName).limit(1).toList());
        boolean refresh = words.contains("-r") || words.contains("--refresh");
        return refresh && !one.isEmpty() ? dependent(one) : one;
    }

    private static boolean isName(String word) {
        return !word.startsWith("-");
    }

    private List<Bundle> named(List<String> words) {
        List<String> names = words.stream().filter(Taken::isName).toList();
        return names.isEmpty() ? List.of() : bundles.selectBundles(names, true);
    }

    /** With those that have classes of them. */
    private Collection<Bundle> dependent(Collection<Bundle> some) {
        return context.getBundle(0).adapt(FrameworkWiring.class).getDependencyClosure(some);
    }

    private static Set<Long> ids(Collection<Bundle> some) {
        return some.stream().map(Bundle::getBundleId).collect(Collectors.toSet());
    }

    /** Bundles of these features that no other feature needs which somebody asked for. */
    private Set<Long> ofFeatures(List<String> words) throws Exception {
        List<Feature> go = new ArrayList<>(), stay = new ArrayList<>();
        for (Feature feature : features.listRequiredFeatures()) {
            (matches(feature, words) ? go : stay).add(feature);
        }
        Set<String> locations = locations(go);
        locations.removeAll(locations(stay));
        return ids(
                Arrays.stream(context.getBundles())
                        .filter(bundle -> locations.contains(bundle.getLocation()))
                        .toList());
    }

    private static boolean matches(Feature feature, List<String> words) {
        return words.stream()
                .anyMatch(word ->
                        word.equals(feature.getName())
                                || word.equals(feature.getName() + "/" + feature.getVersion())
                                || isName(word) && feature.getName().matches(word));
    }

    private Set<String> locations(List<Feature> roots) throws Exception {
        Set<String> locations = new HashSet<>(), seen = new HashSet<>();
        List<Feature> open = new ArrayList<>(roots);
        while (!open.isEmpty()) {
            Feature feature = open.removeLast();
            if (seen.add(feature.getId())) {
                feature.getBundles().forEach(bundle -> locations.add(bundle.getLocation()));
                for (Dependency needed : feature.getDependencies()) {
                    Feature other = features.getFeature(needed.getName(), needed.getVersion());
                    if (other != null) {
                        open.add(other);
                    }
                }
            }
        }
        return locations;
    }
}
