//! How parts look in the row of their run: not at all. They have rows of their own.

/// Says that a part takes no place in the row of its run.
macro_rules! stored_elsewhere {
    () => {
        fn encode_raw(&self, _: &mut impl prost::bytes::BufMut) {}

        fn merge_field(
            &mut self,
            tag: u32,
            wire_type: prost::encoding::WireType,
            buffer: &mut impl prost::bytes::Buf,
            context: prost::encoding::DecodeContext,
        ) -> Result<(), prost::DecodeError> {
            prost::encoding::skip_field(wire_type, tag, buffer, context)
        }

        fn encoded_len(&self) -> usize {
            0
        }

        fn clear(&mut self) {
            *self = Self::default();
        }
    };
}

pub(crate) use stored_elsewhere;
