// Prints Kafka's own table of configuration keys as TypeScript, for contracts/kafka-keys.ts. Run:
//   java -cp "$LIBS/*" deploy/kafka/ConfigKeys.java > contracts/kafka-keys.ts && npm run format
// The table is never edited by hand: what Kafka accepts is for Kafka's jars to say.
// test/kafka-config/ holds the table and the rules that read it against Kafka's own validators.
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.classgraph.ClassGraph;
import io.github.classgraph.ScanResult;
import java.util.*;
import java.util.regex.*;
import java.util.stream.Stream;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.metrics.MetricsReporter;
import org.apache.kafka.common.metrics.Sensor;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.replica.ReplicaSelector;
import org.apache.kafka.coordinator.group.GroupCoordinatorConfig;
import org.apache.kafka.coordinator.group.api.assignor.ConsumerGroupPartitionAssignor;
import org.apache.kafka.coordinator.group.api.assignor.ShareGroupPartitionAssignor;
import org.apache.kafka.coordinator.share.ShareCoordinatorConfig;
import org.apache.kafka.network.SocketServerConfigs;
import org.apache.kafka.server.DynamicThreadPool;
import org.apache.kafka.server.config.*;
import org.apache.kafka.server.log.remote.storage.RemoteLogManagerConfig;
import org.apache.kafka.server.log.remote.storage.RemoteLogMetadataManager;
import org.apache.kafka.server.log.remote.storage.RemoteStorageManager;
import org.apache.kafka.server.metrics.MetricConfigs;
import org.apache.kafka.server.policy.AlterConfigPolicy;
import org.apache.kafka.server.policy.CreateTopicPolicy;
import org.apache.kafka.server.quota.ClientQuotaCallback;
import org.apache.kafka.storage.internals.log.CleanerConfig;
import org.apache.kafka.storage.internals.log.LogConfig;

public class ConfigKeys {
    static final String HEAD = """
        /**
         * Kafka 4.3.1's configuration keys, printed from its jars by deploy/kafka/ConfigKeys.java. Data
         * only; never edited by hand.
         */

        export interface KafkaKey {
          type: 'boolean' | 'string' | 'int' | 'short' | 'long' | 'double' | 'list' | 'class' | 'password';
          /** How a broker key can change; `read-only` needs a restart. */
          mode?: 'read-only' | 'per-broker' | 'cluster-wide';
          /** At run time a count may at most double or halve; any start value is accepted at boot. */
          growth?: 'double-or-half';
          /** What holds when nobody sets it; absent: nothing. */
          default?: string;
          min?: number;
          max?: number;
          /** Accepted although it is outside of `min` and `max`. */
          except?: number;
          values?: string[];
          /** `values` are compared without regard to case. */
          anyCase?: true;
          /** A list without repetition and without empty entries; `filled`: nor is it empty itself. */
          list?: 'unique' | 'unique-filled';
          /** A form that only a validator of this key knows. */
          form?: 'filled' | 'throttled-replicas';
          /** Classes of Kafka's own jars (and short names) that the key takes. */
          classes?: string[];
        }
        """;

    /** Counts that Kafka's validators of reconfiguration let only double or halve. */
    static final Set<String> GROWTH = new TreeSet<>(DynamicThreadPool.RECONFIGURABLE_CONFIGS);
    static {
        GROWTH.addAll(List.of(
            SocketServerConfigs.NUM_NETWORK_THREADS_CONFIG,
            CleanerConfig.LOG_CLEANER_THREADS_PROP,
            RemoteLogManagerConfig.REMOTE_LOG_READER_THREADS_PROP,
            RemoteLogManagerConfig.REMOTE_LOG_MANAGER_COPIER_THREAD_POOL_SIZE_PROP,
            RemoteLogManagerConfig.REMOTE_LOG_MANAGER_EXPIRATION_THREAD_POOL_SIZE_PROP,
            RemoteLogManagerConfig.REMOTE_LOG_MANAGER_FOLLOWER_THREAD_POOL_SIZE_PROP));
    }

    /** The type whose implementations a key names. */
    static final Map<String, String> PLUGINS = Map.of(
        ServerLogConfigs.ALTER_CONFIG_POLICY_CLASS_NAME_CONFIG, AlterConfigPolicy.class.getName(),
        ServerLogConfigs.CREATE_TOPIC_POLICY_CLASS_NAME_CONFIG, CreateTopicPolicy.class.getName(),
        QuotaConfig.CLIENT_QUOTA_CALLBACK_CLASS_CONFIG, ClientQuotaCallback.class.getName(),
        ReplicationConfigs.REPLICA_SELECTOR_CLASS_CONFIG, ReplicaSelector.class.getName(),
        MetricConfigs.METRIC_REPORTER_CLASSES_CONFIG, MetricsReporter.class.getName(),
        MetricConfigs.KAFKA_METRICS_REPORTER_CLASSES_CONFIG, "kafka.metrics.KafkaMetricsReporter",
        GroupCoordinatorConfig.CONSUMER_GROUP_ASSIGNORS_CONFIG, ConsumerGroupPartitionAssignor.class.getName(),
        GroupCoordinatorConfig.SHARE_GROUP_ASSIGNORS_CONFIG, ShareGroupPartitionAssignor.class.getName(),
        RemoteLogManagerConfig.REMOTE_STORAGE_MANAGER_CLASS_NAME_PROP, RemoteStorageManager.class.getName(),
        RemoteLogManagerConfig.REMOTE_LOG_METADATA_MANAGER_CLASS_NAME_PROP, RemoteLogMetadataManager.class.getName());

    static final ObjectMapper JSON = new ObjectMapper();
    static ScanResult scan;

    public static void main(String[] args) throws Exception {
        scan = new ClassGraph().enableClassInfo().enableMethodInfo()
            .acceptPackages("org.apache.kafka", "kafka").scan();
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
            "/** The broker key that holds for topics which do not set the topic key themselves. */",
            "export const topicSynonyms: Record<string, string> = "
                + JSON.writeValueAsString(new TreeMap<>(ServerTopicConfigSynonyms.TOPIC_CONFIG_SYNONYMS)) + ";", "",
            "export const topicKeys: Record<string, KafkaKey> = {", String.join(",\n", topic), "};"));
    }

    static String row(ConfigDef.ConfigKey key, String mode) throws Exception {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("type", key.type.name().toLowerCase(Locale.ROOT));
        if (mode != null) fields.put("mode", mode);
        if (mode != null && GROWTH.contains(key.name)) fields.put("growth", "double-or-half");
        if (key.hasDefault() && key.defaultValue != null)
            fields.put("default", ConfigDef.convertToString(key.defaultValue, key.type));
        addRule(fields, key);
        addUse(fields, key);
        if (PLUGINS.containsKey(key.name)) fields.put("classes", classes(key));
        return "  " + JSON.writeValueAsString(key.name) + ": " + JSON.writeValueAsString(fields);
    }

    /** What the key's own validator says; one that is not known here must not be passed over. */
    static void addRule(Map<String, Object> fields, ConfigDef.ConfigKey key) throws Exception {
        if (key.validator == null) return;
        String rule = key.validator.toString();
        switch (key.validator.getClass().getSimpleName()) {
            case "Range" -> {
                number(fields, "min", field(key.validator, "min"));
                number(fields, "max", field(key.validator, "max"));
            }
            case "LambdaValidator" -> {
                Matcher m = Pattern.compile("^\\[(-?\\d+),\\.\\.\\.,(-?\\d+)\\] or (-?\\d+)$").matcher(rule);
                if (!m.find()) throw new IllegalStateException(key.name + ": " + rule);
                fields.put("min", Long.parseLong(m.group(1)));
                fields.put("max", Long.parseLong(m.group(2)));
                fields.put("except", Long.parseLong(m.group(3)));
            }
            case "ValidList" -> {
                boolean empty = (boolean) field(key.validator, "isEmptyAllowed");
                fields.put("list", empty ? "unique" : "unique-filled");
                Object values = field(field(key.validator, "validString"), "validStrings");
                if (!((Collection<?>) values).isEmpty()) fields.put("values", values);
            }
            case "ValidString" -> fields.put("values", field(key.validator, "validStrings"));
            case "CaseInsensitiveValidString" -> {
                fields.put("values", new TreeSet<>((Set<?>) field(key.validator, "validStrings")));
                fields.put("anyCase", true);
            }
            case "NonEmptyString" -> fields.put("form", "filled");
            case "ThrottledReplicaListValidator" -> fields.put("form", "throttled-replicas");
            // Keys of the quorum and of the authorizer, which no spec may set.
            case "NonNullValidator", "ControllerQuorumBootstrapServersValidator", "ControllerQuorumVotersValidator" -> { }
            default -> throw new IllegalStateException(key.name + ": " + key.validator.getClass());
        }
    }

    /** Bounds that Kafka applies where it uses the value, from the types it uses there. */
    static void addUse(Map<String, Object> fields, ConfigDef.ConfigKey key) {
        if (Set.of(GroupCoordinatorConfig.OFFSETS_TOPIC_COMPRESSION_CODEC_CONFIG,
                ShareCoordinatorConfig.STATE_TOPIC_COMPRESSION_CODEC_CONFIG).contains(key.name)) {
            fields.put("min", Stream.of(CompressionType.values()).mapToInt(t -> t.id).min().getAsInt());
            fields.put("max", Stream.of(CompressionType.values()).mapToInt(t -> t.id).max().getAsInt());
        }
        if (MetricConfigs.METRIC_RECORDING_LEVEL_CONFIG.equals(key.name)) {
            fields.put("values", Stream.of(Sensor.RecordingLevel.values()).map(Enum::name).toList());
            fields.put("anyCase", true);
        }
    }

    static List<String> classes(ConfigDef.ConfigKey key) {
        List<String> names = new ArrayList<>(key.type == ConfigDef.Type.LIST && key.defaultValue != null
            ? ((List<?>) key.defaultValue).stream().map(Object::toString).filter(n -> !n.contains(".")).toList() : List.of());
        var found = scan.getClassesImplementing(PLUGINS.get(key.name))
            .filter(c -> !c.isAbstract() && !c.isInterface() && c.isPublic() && (!c.isInnerClass() || c.isStatic())
                && c.getDeclaredConstructorInfo().stream().anyMatch(m -> m.isPublic() && m.getParameterInfo().length == 0));
        names.addAll(found.getNames().stream().sorted().filter(ConfigKeys::needsNothing).toList());
        return names;
    }

    /** A reporter that asks for settings of its own cannot be had: nothing would give it them. */
    static boolean needsNothing(String name) {
        try {
            if (Class.forName(name).getDeclaredConstructor().newInstance() instanceof MetricsReporter reporter)
                reporter.configure(Map.of());
            return true;
        } catch (RuntimeException refused) {
            return false;
        } catch (ReflectiveOperationException broken) {
            throw new IllegalStateException(broken);
        }
    }

    static Object field(Object owner, String name) throws Exception {
        var field = owner.getClass().getDeclaredField(name);
        field.setAccessible(true);
        return field.get(owner);
    }

    static void number(Map<String, Object> fields, String name, Object value) {
        if (value != null) fields.put(name, value);
    }
}
