-- Room webhooks: the bodies that a commit stores for one tenant are compressed together, as a pack. What a product sends says much the same
-- again and again: of ten KB of JSON less than one is left, and the rest was most of what storing a delivery cost.
-- The pieces of a pack stand in inbound_bodies, with the pack's id and time in place of the delivery's. Its time is that of its youngest
-- delivery, so that no month goes with bodies that a later one still names. Deliveries from before have no pack.
ALTER TABLE inthub.inbound_deliveries
  ADD COLUMN pack_id uuid,
  ADD COLUMN pack_at timestamptz,
  -- Where the body begins in the unpacked bytes; its length is body_bytes.
  ADD COLUMN pack_from integer;
