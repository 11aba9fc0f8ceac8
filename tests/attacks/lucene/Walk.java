import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import org.apache.lucene.index.*;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.store.FSDirectory;
import org.apache.lucene.util.BytesRef;

/** Prints everything that a Lucene index holds, one finding a line: kind, field, value (base64 where it is bytes). */
public class Walk {
    static void say(String kind, String field, String value) {
        System.out.println(kind + "\t" + field + "\t" + value);
    }

    static String text(BytesRef bytes) {
        return Base64.getEncoder().encodeToString(java.util.Arrays.copyOfRange(bytes.bytes, bytes.offset, bytes.offset + bytes.length));
    }

    public static void main(String[] arguments) throws Exception {
        try (DirectoryReader reader = DirectoryReader.open(FSDirectory.open(Path.of(arguments[0])))) {
            reader.getIndexCommit().getUserData().forEach((name, value) -> say("commit", name, value));
            for (LeafReaderContext context : reader.leaves()) {
                LeafReader leaf = context.reader();
                for (FieldInfo field : leaf.getFieldInfos()) {
                    say("field", field.name, field.getIndexOptions() + " " + field.getDocValuesType()
                        + (field.hasNorms() ? " norms" : "") + (field.hasVectors() ? " vectors" : "")
                        + (field.getPointDimensionCount() > 0 ? " points" : ""));
                    walkTerms(leaf, field);
                    walkValues(leaf, field);
                }
                walkStored(leaf);
            }
        }
    }

    static void walkTerms(LeafReader leaf, FieldInfo field) throws Exception {
        Terms terms = leaf.terms(field.name);
        if (terms == null) return;
        say("shape", field.name, (terms.hasPositions() ? "positions " : "") + (terms.hasOffsets() ? "offsets " : "")
            + (terms.hasPayloads() ? "payloads " : "") + (terms.hasFreqs() ? "freqs" : ""));
        TermsEnum each = terms.iterator();
        for (BytesRef term = each.next(); term != null; term = each.next()) {
            say("term", field.name, text(term));
        }
    }

    static void walkValues(LeafReader leaf, FieldInfo field) throws Exception {
        switch (field.getDocValuesType()) {
            case BINARY -> {
                BinaryDocValues values = leaf.getBinaryDocValues(field.name);
                while (values.nextDoc() != DocIdSetIterator.NO_MORE_DOCS) say("value", field.name, text(values.binaryValue()));
            }
            case SORTED -> {
                TermsEnum each = leaf.getSortedDocValues(field.name).termsEnum();
                for (BytesRef term = each.next(); term != null; term = each.next()) say("value", field.name, text(term));
            }
            case SORTED_SET -> {
                TermsEnum each = leaf.getSortedSetDocValues(field.name).termsEnum();
                for (BytesRef term = each.next(); term != null; term = each.next()) say("value", field.name, text(term));
            }
            case NUMERIC -> {
                NumericDocValues values = leaf.getNumericDocValues(field.name);
                while (values.nextDoc() != DocIdSetIterator.NO_MORE_DOCS) say("number", field.name, Long.toString(values.longValue()));
            }
            case SORTED_NUMERIC -> {
                SortedNumericDocValues values = leaf.getSortedNumericDocValues(field.name);
                while (values.nextDoc() != DocIdSetIterator.NO_MORE_DOCS)
                    for (int i = 0; i < values.docValueCount(); i++) say("number", field.name, Long.toString(values.nextValue()));
            }
            default -> { }
        }
    }

    static void walkStored(LeafReader leaf) throws Exception {
        StoredFields stored = leaf.storedFields();
        for (int document = 0; document < leaf.maxDoc(); document++) {
            stored.document(document, new StoredFieldVisitor() {
                @Override public void binaryField(FieldInfo field, byte[] value) {
                    say("stored", field.name, Base64.getEncoder().encodeToString(value));
                }
                @Override public void stringField(FieldInfo field, String value) {
                    say("stored", field.name, Base64.getEncoder().encodeToString(value.getBytes(StandardCharsets.UTF_8)));
                }
                @Override public void intField(FieldInfo field, int value) { say("stored", field.name, "int " + value); }
                @Override public void longField(FieldInfo field, long value) { say("stored", field.name, "long " + value); }
                @Override public void floatField(FieldInfo field, float value) { say("stored", field.name, "float " + value); }
                @Override public void doubleField(FieldInfo field, double value) { say("stored", field.name, "double " + value); }
                @Override public Status needsField(FieldInfo field) { return Status.YES; }
            });
        }
    }
}
