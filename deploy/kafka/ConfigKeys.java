// Prints Kafka's own table of configuration keys as TypeScript, for domain/cluster/kafka-keys.ts. Run:
//   java -cp "$LIBS/*" deploy/kafka/ConfigKeys.java > domain/cluster/kafka-keys.ts
// The table is never edited by hand: what Kafka accepts is for Kafka's jars to say.
import java.util.*;
import java.util.regex.*;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.server.config.AbstractKafkaConfig;
import org.apache.kafka.server.config.DynamicBrokerConfig;
import org.apache.kafka.storage.internals.log.LogConfig;

public class ConfigKeys {
    static final String HEAD = String.join("\n",
        "/**",
        " * Kafka 4.3.1's configuration keys, printed from its jars by deploy/kafka/ConfigKeys.java. Data only;",
        " * never edited by hand. `mode` says how a broker key can change: read-only needs a restart.",
        " */",
        "",
        "export interface KafkaKey {",
        "  type: 'boolean' | 'string' | 'int' | 'short' | 'long' | 'double' | 'list' | 'class' | 'password';",
        "  mode?: 'read-only' | 'per-broker' | 'cluster-wide';",
        "  min?: number;",
        "  max?: number;",
        "  values?: string[];",
        "}",
        "");
    public static void main(String[] args) {
        Map<String, String> modes = DynamicBrokerConfig.dynamicConfigUpdateModes();
        List<String> broker = new ArrayList<>();
        for (var key : new TreeMap<>(AbstractKafkaConfig.CONFIG_DEF.configKeys()).values())
            if (!key.internalConfig)
                broker.add(row(key, modes.getOrDefault(key.name, "read-only")));
        List<String> topic = new ArrayList<>();
        for (String name : new TreeSet<>(LogConfig.nonInternalConfigNames()))
            topic.add(row(LogConfig.configKeys().get(name), null));
        System.out.println(String.join("\n", HEAD,
            "export const brokerKeys: Record<string, KafkaKey> = {", String.join(",\n", broker), "};", "",
            "export const topicKeys: Record<string, KafkaKey> = {", String.join(",\n", topic), "};"));
    }

    static String row(ConfigDef.ConfigKey key, String mode) {
        List<String> fields = new ArrayList<>();
        fields.add("\"type\": \"" + key.type.name().toLowerCase() + "\"");
        if (mode != null) fields.add("\"mode\": \"" + mode + "\"");
        String rule = key.validator == null ? "" : key.validator.toString();
        number(rule, "(?:^\\[|Value must be at least )(-?[0-9.E]+)").ifPresent(n -> fields.add("\"min\": " + n));
        number(rule, "^\\[.*,(-?[0-9][0-9.E]*)\\]$").ifPresent(n -> fields.add("\"max\": " + n));
        Matcher oneOf = Pattern.compile("^(?:\\(case insensitive\\) )?\\[([a-zA-Z_, -]+)\\]").matcher(rule);
        if (oneOf.find() && !rule.contains("..."))
            fields.add("\"values\": [\"" + String.join("\", \"", oneOf.group(1).split(", ")) + "\"]");
        return "  \"" + key.name + "\": {" + String.join(", ", fields) + "}";
    }

    static Optional<String> number(String rule, String pattern) {
        Matcher m = Pattern.compile(pattern).matcher(rule);
        return m.find() ? Optional.of(m.group(1)) : Optional.empty();
    }
}
