"""What every MyClothes service needs, and no domain noun."""
